//! The problems of the artifacts that artifacts are made from.

use super::*;

#[test]
fn bases_must_resolve() {
    let base = || Artifact::rootfs("base-rootfs", "debian:12").output("b/{arch}.tar");
    check(
        Catalog::new()
            .artifact(base())
            .artifact(Artifact::layer("x", "Base-rootfs")),
        &[
            "x: `Base-rootfs` is no artifact (did you mean `base-rootfs`?), and an image needs a tag or a digest",
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
            .artifact(Artifact::layer("x", "base-rootfs").platforms(["linux/arm64"])),
        &["x: `base-rootfs`, which it is made from, is not built for `linux/arm64`"],
    );
    check(
        Catalog::new()
            .artifact(base().axis("l10n", ["en"]).output("{arch}-{l10n}.tar"))
            .artifact(Artifact::layer("x", "base-rootfs"))
            .artifact(Artifact::layer("y", "base-rootfs").axis("l10n", ["zh"])),
        &["y: `base-rootfs`, which it is made from, is not built for `l10n=zh`"],
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
fn what_is_neither_an_artifact_nor_an_image_is_refused() {
    let base = || Artifact::rootfs("base/debian", "debian:12").output("b/{arch}.tar");
    let on = |name: &str| {
        let artifact = Artifact::layer("x", name);
        Catalog::new().artifact(base()).artifact(artifact)
    };
    let from = |name: &str| {
        let artifact = Artifact::layer("x", "debian:12").step(Copy::new("/a", "/a").from(name));
        Catalog::new().artifact(base()).artifact(artifact)
    };
    let digest = format!("debian@sha256:{}", "0".repeat(64));
    for sound in ["base/debian", "debian:12", "localhost:5000/a:1", &digest] {
        check(on(sound), &[]);
        check(from(sound), &[]);
    }
    for odd in ["base/debiann", "localhost:5000/base/debian", "debian"] {
        let meant = match crate::nearest(odd, ["base/debian"]) {
            Some(found) => format!(" (did you mean `{found}`?)"),
            None => String::new(),
        };
        let tag = "and an image needs a tag or a digest";
        check(
            on(odd),
            &[&format!("x: `{odd}` is no artifact{meant}, {tag}")],
        );
        let copies = "which a step reads, is no artifact";
        check(from(odd), &[&format!("x: `{odd}`, {copies}{meant}, {tag}")]);
    }
    check(on("scratch"), &[]);
}
