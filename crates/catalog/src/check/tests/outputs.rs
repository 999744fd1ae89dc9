//! The problems of outputs and tags.

use super::*;

/// In however many variants it shows.
#[test]
fn one_mistake_is_told_once() {
    let many = |artifact: Artifact| artifact.axis("l10n", ["en", "zh", "de"]);
    let rootfs = || many(Artifact::rootfs("a", "debian:12"));
    check(
        one(rootfs().output("x.tar")),
        &[
            "a: `x.tar` would be written by `a linux/amd64 l10n=en` and by `a linux/amd64 l10n=zh`; add `{l10n}`, `{arch}` to `output`",
        ],
    );
    check(
        one(rootfs().output("/{l10n}-{arch}.tar")),
        &[
            "a: the output `/en-amd64.tar` must be a relative path that stays in the output directory",
        ],
    );
    let image = many(Artifact::image("a", "debian:12")).repository("r.example/a");
    check(
        one(image.clone().tag("x").platform_tag("{arch}")),
        &[
            "a: `r.example/a:amd64` is pushed by `a linux/amd64 l10n=en` and `a linux/amd64 l10n=zh`: add the axis to the tag, or a condition",
            "a: `r.example/a:x` is pushed by `a linux/amd64 l10n=en` and `a linux/amd64 l10n=zh`: add the axis to the tag, or a condition",
        ],
    );
    // In the first variant all is well.
    check(
        one(Artifact::image("a", "debian:12")
            .axis("v", ["1", "1 2"])
            .repository("r.example/a")
            .tag("{v}")),
        &["a: `r.example/a:1 2`, made from `repository` and `tags`, is not an image reference"],
    );
}

#[test]
fn outputs_are_unique_and_stay_in_the_output_directory() {
    check(
        one(Artifact::rootfs("a", "debian:12").output("a.tar")),
        &[
            "a: `a.tar` would be written by `a linux/amd64` and by `a linux/arm64`; add `{arch}` to `output`",
        ],
    );
    check(
        Catalog::new()
            .artifact(Artifact::rootfs("a", "debian:12").output("{arch}.tar"))
            .artifact(
                Artifact::rootfs("b", "debian:12")
                    .output("./{arch}.tar")
                    .platforms(["linux/arm64"]),
            ),
        &[
            "b: `arm64.tar` would be written by `a linux/arm64` and by `b linux/arm64`; add `{artifact}` to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").platforms(["linux/arm/v6", "linux/arm/v7"])),
        &[
            "a: `a/arm.tar` would be written by `a linux/arm/v6` and by `a linux/arm/v7`; add `{platform}` to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12")
            .axis("l10n", ["en", "zh"])
            .output("{arch}.tar")
            .platforms(["linux/amd64"])),
        &[
            "a: `amd64.tar` would be written by `a linux/amd64 l10n=en` and by `a linux/amd64 l10n=zh`; add `{l10n}` to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12")
            .output("../{arch}.tar")
            .platforms(["linux/amd64"])),
        &[
            "a: the output `../amd64.tar` must be a relative path that stays in the output directory",
        ],
    );
}

#[test]
fn no_output_is_in_the_directory_of_another_one() {
    let files = |name: &str| Artifact::files(name, "debian:12").platforms(["linux/amd64"]);
    let tar = |output: &str| {
        Artifact::rootfs("b", "debian:12")
            .platforms(["linux/amd64"])
            .output(output)
    };
    check(
        Catalog::new()
            .artifact(files("a"))
            .artifact(tar("a/amd64/x/y.tar")),
        &[
            "b: `a/amd64/x/y.tar` would be in `a/amd64`, which is the output of `a linux/amd64`; set another `output`",
        ],
    );
    // A file is no directory either.
    check(
        Catalog::new()
            .artifact(tar("x.tar"))
            .artifact(files("a").output("x.tar/{arch}")),
        &[
            "a: `x.tar/amd64` would be in `x.tar`, which is the output of `b linux/amd64`; set another `output`",
        ],
    );
    check(
        Catalog::new()
            .artifact(files("a"))
            .artifact(files("a/amd64/b")),
        &[
            "a/amd64/b: `a/amd64/b/amd64` would be in `a/amd64`, which is the output of `a linux/amd64`; set another `output`",
        ],
    );
    let beside = Catalog::new()
        .artifact(files("a"))
        .artifact(tar("a/amd64.tar"));
    check(beside, &[]);
}
