//! Every problem that a catalog can have, with its text.

mod made_from;
mod outputs;
mod steps;
mod texts;

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
        one(Artifact::rootfs("a b", "debian:12")),
        &[
            "a b: `a b` is not a valid artifact name: its words, joined by `/`, must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`",
        ],
    );
    for (artifact, kind) in [
        (Artifact::rootfs("a", "debian:12"), "rootfs"),
        (Artifact::image("a", "debian:12"), "image"),
    ] {
        let problem = format!(
            "a: it has `whiteouts`, but it has the kind `{kind}`, and only a layer has them"
        );
        check(one(artifact.whiteouts(Whiteouts::Oci)), &[&problem]);
    }
    check(
        one(Artifact::layer("a", "debian:12").whiteouts(Whiteouts::Overlay)),
        &[],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").output("{arhc}.tar")),
        &[
            "a: `{arhc}`: there is no `arhc`; did you mean `arch`? there are `arch`, `artifact`, `os`, `platform`, `variant`",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").output("{")),
        &["a: `{` has an unbalanced `{`; write `{{` for a literal one"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").platforms([])),
        &["a: `platforms` has no values, so nothing would be built"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").platforms(["amd64"])),
        &[
            "a: `amd64` is not a platform such as `linux/amd64` or `linux/arm/v7`",
            "a: `platforms` has no values, so nothing would be built",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").axis("x", [])),
        &["a: `x` has no values, so nothing would be built"],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").axis("arch", ["x"])),
        &[
            "a: `arch` is a variable that every artifact has; call the axis or option something else",
        ],
    );
    check(
        one(Artifact::rootfs("a", "debian:12").option("x", "3", ["1", "2"])),
        &["a: option `x`: the default `3` is not one of `1`, `2`"],
    );
}

#[test]
fn a_platform_is_there_once_however_it_is_spelt() {
    let of =
        |platforms: [&'static str; 2]| one(Artifact::rootfs("a", "debian:12").platforms(platforms));
    check(
        of(["linux/arm64", "linux/arm64/v8"]),
        &["a: `platforms` has `linux/arm64` twice: `linux/arm64/v8` is the same"],
    );
    check(
        of(["linux/amd64", "linux/amd64"]),
        &["a: `platforms` has `linux/amd64` twice"],
    );
}

#[test]
fn options_are_the_catalogs() {
    let base = || {
        Artifact::rootfs("base", "debian:12")
            .option("mirror", "none", ["none", "near"])
            .output("b-{arch}.tar")
    };
    let on = |default| Artifact::layer("top", "base").option("mirror", default, ["none", "near"]);
    let both = |top| Catalog::new().artifact(base()).artifact(top);
    check(both(on("none")), &[]);
    let once = "an option is the catalog's, so say it once, at the top, or the same everywhere";
    let differs = format!("top: option `mirror` differs from that of `base`; {once}");
    check(both(on("near")), &[&differs]);
    check(
        both(Artifact::layer("top", "base").axis("mirror", ["near"])),
        &["base: `mirror` is an option, and an axis of `top`; call one of them something else"],
    );
    // An option of the catalog is for all artifacts that use it, also through other options.
    let user = |name: &str| Artifact::layer(name, "debian:12").step(Workdir::new("/{full}"));
    let catalog = || {
        Catalog::new()
            .option("version", "7", [])
            .option("full", "{version}.1", [])
            .option("other", "1", [])
            .artifact(user("a"))
            .artifact(Artifact::layer("b", "debian:12").step(When::equals("version", "7")))
            .artifact(Artifact::layer("c", "debian:12"))
    };
    let checked = catalog().check().unwrap();
    let has = |name: &str| {
        let artifact = checked.get(name).unwrap();
        artifact.options().keys().map(ToString::to_string).collect()
    };
    let has: [Vec<String>; 3] = ["a", "b", "c"].map(has);
    assert_eq!(has[0], ["full", "version"]);
    assert_eq!(has[1], ["version"]);
    assert!(has[2].is_empty());
    let set = crate::Request {
        artifacts: vec!["a".into()],
        set: vec![("version".into(), "8".into())],
        ..crate::Request::default()
    };
    let variants = checked.select(&set).unwrap();
    assert_eq!(variants[0].variables()["full"], "8.1");
    check(
        catalog().option("a.b", "1", []),
        &[
            "options: `a.b` is not a valid axis or option name: it must start with a letter or `_` and hold only letters, \
             digits, `_`, `-`",
        ],
    );
}

#[test]
fn axes_do_not_multiply_without_end() {
    let values: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let with = |axes: &[&str]| {
        let artifact = Artifact::rootfs("a", "debian:12").platforms(["linux/amd64"]);
        axes.iter().fold(artifact, |artifact, axis| {
            artifact.axis(axis, values.iter().map(String::as_str))
        })
    };
    check(
        one(with(&["w", "x", "y", "z"])),
        &[
            "a: it has 100000000 variants (1 platform(s), 100 values of `w`, 100 values of `x`, 100 values of `y`, 100 values of `z`), more than 100000; make several artifacts of it, or options of axes",
        ],
    );
    check(one(with(&["w", "x"])), &[]);
}
