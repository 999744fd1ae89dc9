//! Every problem that a catalog can have, with its text.

use crate::{Apt, Artifact, Base, Cache, Catalog, Copy, Run, When, Whiteouts, Workdir};

/// The problems of a catalog, a line each.
fn check(catalog: Catalog, expected: &[&str]) {
    let found = match catalog.check() {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expected);
}

fn one(artifact: Artifact) -> Catalog {
    Catalog::new().artifact(artifact)
}

#[test]
fn sound_catalogs_pass() {
    check(Catalog::new(), &[]);
    check(
        Catalog::new()
            .artifact(Artifact::rootfs("base", "debian:12").output("{arch}.tar"))
            .artifact(
                Artifact::layer("tools", "base")
                    .axis("l10n", ["en", "zh"])
                    .output("{arch}-{l10n}.tar"),
            )
            .artifact(Artifact::image("app", Base::scratch()))
            .defaults(["base"]),
        &[],
    );
}

#[test]
fn names_templates_and_values_are_checked() {
    check(
        one(Artifact::rootfs("a b", "debian")),
        &[
            "a b: `a b` is not a valid artifact name: its words, joined by `/`, must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`",
        ],
    );
    for (artifact, kind) in [
        (Artifact::rootfs("a", "debian"), "rootfs"),
        (Artifact::image("a", "debian"), "image"),
    ] {
        let problem = format!(
            "a: it has `whiteouts`, but it has the kind `{kind}`, and only a layer has them"
        );
        check(one(artifact.whiteouts(Whiteouts::Oci)), &[&problem]);
    }
    check(
        one(Artifact::layer("a", "debian").whiteouts(Whiteouts::Overlay)),
        &[],
    );
    check(
        one(Artifact::rootfs("a", "debian").output("{arhc}.tar")),
        &[
            "a: `{arhc}.tar` uses `{arhc}`, but there is only `{arch}`, `{artifact}`, `{os}`, `{platform}`, `{variant}`",
            "a: `{arhc}.tar` uses `{arhc}`, but there is only `{arch}`, `{artifact}`, `{os}`, `{platform}`, `{variant}`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian").output("{")),
        &["a: `{` has an unbalanced `{`; write `{{` for a literal one"],
    );
    check(
        one(Artifact::rootfs("a", "debian").platforms([])),
        &["a: `platforms` has no values, so nothing would be built"],
    );
    check(
        one(Artifact::rootfs("a", "debian").platforms(["amd64"])),
        &[
            "a: `amd64` is not a platform such as `linux/amd64` or `linux/arm/v7`",
            "a: `platforms` has no values, so nothing would be built",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian").axis("x", [])),
        &["a: `x` has no values, so nothing would be built"],
    );
    check(
        one(Artifact::rootfs("a", "debian").axis("arch", ["x"])),
        &[
            "a: `arch` is a variable that every artifact has; call the axis or option something else",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian").option("x", "3", ["1", "2"])),
        &["a: option `x`: the default `3` is not one of `1`, `2`"],
    );
}

#[test]
fn bases_must_resolve() {
    let base = || Artifact::rootfs("base-rootfs", "debian").output("b/{arch}.tar");
    check(
        Catalog::new()
            .artifact(base())
            .artifact(Artifact::layer("x", "Base-rootfs")),
        &[
            "x: the base `Base-rootfs` is neither an artifact nor an image reference; did you mean `base-rootfs`?",
        ],
    );
    check(
        Catalog::new()
            .artifact(Artifact::layer("a", "b"))
            .artifact(Artifact::layer("b", "a")),
        &[
            "a: it is its own base: a → b → a",
            "b: it is its own base: b → a → b",
        ],
    );
    check(
        Catalog::new()
            .artifact(base().platforms(["linux/amd64"]))
            .artifact(Artifact::layer("x", "base-rootfs")),
        &["x: `base-rootfs`, which it is made from, is not built for `linux/arm64`"],
    );
    check(
        Catalog::new()
            .artifact(base().axis("l10n", ["en"]).output("{arch}-{l10n}.tar"))
            .artifact(Artifact::layer("x", "base-rootfs"))
            .artifact(Artifact::layer("y", "base-rootfs").axis("l10n", ["zh"])),
        &[
            "x: `base-rootfs`, which it is made from, has the axis `l10n`, so this artifact needs it too",
            "y: `base-rootfs`, which it is made from, is not built for `l10n=zh`",
        ],
    );
    check(
        Catalog::new()
            .artifact(base())
            .artifact(base())
            .defaults(["base-rotfs"]),
        &[
            "base-rootfs: the name is declared twice",
            "defaults: the default `base-rotfs` is not an artifact; did you mean `base-rootfs`?",
        ],
    );
}

#[test]
fn outputs_are_unique_and_stay_in_the_output_directory() {
    check(
        one(Artifact::rootfs("a", "debian").output("a.tar")),
        &[
            "a: `a.tar` would be written by `a linux/amd64` and by `a linux/arm64`; add `{arch}` or the axis to `output`",
        ],
    );
    check(
        Catalog::new()
            .artifact(Artifact::rootfs("a", "debian").output("{arch}.tar"))
            .artifact(
                Artifact::rootfs("b", "debian")
                    .output("./{arch}.tar")
                    .platforms(["linux/arm64"]),
            ),
        &[
            "b: `arm64.tar` would be written by `a linux/arm64` and by `b linux/arm64`; add `{arch}` or the axis to `output`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian")
            .output("../{arch}.tar")
            .platforms(["linux/amd64"])),
        &[
            "a: the output `../amd64.tar` must be a relative path that stays in the output directory",
        ],
    );
}

#[test]
fn steps_are_checked() {
    let with = |step: crate::Step| one(Artifact::rootfs("a", "debian").step(step));
    check(
        with(Apt::install(Vec::<String>::new()).into()),
        &["a: step 1: `apt` names no package"],
    );
    check(
        with(Apt::install(["-oX=y"]).into()),
        &["a: step 1: `-oX=y` is not a package name"],
    );
    check(
        with(Apt::install(["zsh;reboot"]).into()),
        &["a: step 1: `zsh;reboot` is not a package name"],
    );
    check(
        with(Workdir::new("app").into()),
        &["a: step 1: `workdir` must be an absolute path, not `app`"],
    );
    check(
        with(Copy::new("a", "b").into()),
        &["a: step 1: `copy`: `to` must be an absolute path, not `b`"],
    );
    check(
        with(Run::command(" ").into()),
        &["a: step 1: `run` has no command"],
    );
    check(
        with(Copy::new("../x", "/").into()),
        &["a: step 1: `../x` points out of the context directory"],
    );
    check(
        with(Copy::new("{l1on}", "/").into()),
        &[
            "a: step 1: `{l1on}` uses `{l1on}`, but there is only `{arch}`, `{artifact}`, `{os}`, `{platform}`, `{variant}`",
        ],
    );
    check(
        with(Run::command("x").env("A", "{").into()),
        &["a: step 1: `{` has an unbalanced `{`; write `{{` for a literal one"],
    );
    check(
        with(
            Run::command("x")
                .secret("a b")
                .cache(Cache::Directory("x".into()))
                .into(),
        ),
        &[
            "a: step 1: `a b` is not a valid secret id: it must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`, `:`",
            "a: step 1: `x` is not a cache: write `npm`, `pip`, or an absolute path",
        ],
    );
    check(
        with(When::equals("flavour", "x").into()),
        &[
            "a: step 1: `when flavour` uses `{flavour}`, but there is only `{arch}`, `{artifact}`, `{os}`, `{platform}`, `{variant}`",
        ],
    );
    check(
        one(Artifact::rootfs("a", Base::from_line("../x.dockerfile"))),
        &["a: `../x.dockerfile` points out of the context directory"],
    );
    check(
        with(Run::command("x").env("A=B", "1").into()),
        &["a: step 1: `A=B` cannot be the name of an environment variable"],
    );
}
