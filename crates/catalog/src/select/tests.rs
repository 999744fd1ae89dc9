//! The selections of requests, and the errors of wrong ones.

use crate::{Artifact, Catalog, CheckedCatalog, Request, unused_options};

fn catalog() -> CheckedCatalog {
    Catalog::new()
        .artifact(Artifact::rootfs("base-rootfs", "debian:12").option(
            "mirror",
            "main",
            ["main", "near"],
        ))
        .artifact(Artifact::rootfs("server-base", "debian:12").platforms(["linux/amd64"]))
        .artifact(
            Artifact::layer("fonts", "base-rootfs")
                .axis("l10n", ["en", "zh"])
                .output("{arch}-{l10n}.tar"),
        )
        .check()
        .unwrap()
}

fn request(artifacts: &[&str], platforms: &[&str], set: &[(&str, &str)]) -> Request {
    Request {
        artifacts: artifacts.iter().map(ToString::to_string).collect(),
        platforms: platforms
            .iter()
            .map(|platform| platform.parse().unwrap())
            .collect(),
        set: set
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
    }
}

fn check(request: &Request, expected: Result<&[&str], &str>) {
    let selected = catalog().select(request).map_err(|error| error.to_string());
    let selected =
        selected.map(|variants| variants.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected = expected
        .map(|names| names.iter().map(ToString::to_string).collect())
        .map_err(str::to_owned);
    assert_eq!(selected, expected, "{request:?}");
}

#[test]
fn names_globs_and_platforms_select() {
    check(
        &request(&["server-base"], &[], &[]),
        Ok(&["server-base linux/amd64"]),
    );
    check(
        &request(&["*-rootfs"], &["linux/arm64"], &[]),
        Ok(&["base-rootfs linux/arm64"]),
    );
    check(
        &request(
            &["server-base", "base-rootfs", "*base*"],
            &["linux/amd64"],
            &[],
        ),
        Ok(&["base-rootfs linux/amd64", "server-base linux/amd64"]),
    );
    check(
        &request(&["all"], &["linux/amd64"], &[]),
        Ok(&[
            "base-rootfs linux/amd64",
            "server-base linux/amd64",
            "fonts linux/amd64 l10n=en",
            "fonts linux/amd64 l10n=zh",
        ]),
    );
}

#[test]
fn options_are_set_through_dependants_and_axes_are_narrowed() {
    check(
        &request(&["fonts"], &["linux/arm64"], &[("l10n", "zh")]),
        Ok(&["fonts linux/arm64 l10n=zh"]),
    );
    let variants = catalog()
        .select(&request(&["fonts"], &[], &[("mirror", "near")]))
        .unwrap();
    assert!(
        variants
            .iter()
            .all(|variant| variant.variables()["mirror"] == "near")
    );
    let catalog = catalog();
    let base = catalog
        .below(&variants[0], catalog.get("base-rootfs").unwrap())
        .unwrap();
    assert_eq!(base.to_string(), "base-rootfs linux/amd64");
    assert_eq!(base.variables()["mirror"], "near");
}

#[test]
fn axes_can_be_set_more_than_once_and_platforms_have_many_spellings() {
    let both = &[("l10n", "zh"), ("l10n", "en")];
    check(
        &request(&["fonts"], &["linux/arm64"], both),
        Ok(&["fonts linux/arm64 l10n=en", "fonts linux/arm64 l10n=zh"]),
    );
    let odd = Artifact::rootfs("odd", "debian:12").platforms(["linux/aarch64", "linux/arm/v7"]);
    let catalog = Catalog::new().artifact(odd).check().unwrap();
    let variants = catalog
        .select(&request(&["odd"], &["linux/arm64"], &[]))
        .unwrap();
    assert_eq!(variants[0].to_string(), "odd linux/arm64");
}

#[test]
fn wrong_requests_are_refused() {
    check(
        &request(&[], &[], &[]),
        Err("no artifact was named, and the catalog has no defaults"),
    );
    check(
        &request(&["base-rotfs"], &[], &[]),
        Err("there is no artifact `base-rotfs`; did you mean `base-rootfs`?"),
    );
    check(
        &request(&["zz*"], &[], &[]),
        Err("`zz*` matches no artifact"),
    );
    check(
        &request(&["server-base"], &["linux/arm64"], &[]),
        Err(
            "artifact `server-base` is not declared for `linux/arm64`; did you mean `linux/amd64`?",
        ),
    );
    check(
        &request(&["fonts"], &[], &[("l1on", "zh")]),
        Err("no artifact has an option `l1on`; did you mean `l10n`?"),
    );
    check(
        &request(&["fonts"], &[], &[("l10n", "de")]),
        Err("axis `l10n` of artifact `fonts` cannot be `de`"),
    );
    check(
        &request(&["base-rootfs"], &[], &[("mirror", "neer")]),
        Err("option `mirror` cannot be `neer`; did you mean `near`?"),
    );
}

/// As for the targets of a bake, which are all given the same arguments.
#[test]
fn options_of_other_artifacts_change_nothing() {
    let unused = |set: &[(&str, &str)]| {
        let request = request(&["server-base"], &[], set);
        let variants = catalog().select(&request).unwrap();
        let unused = unused_options(&variants, &request.set).into_iter();
        unused.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        unused(&[("mirror", "near"), ("l10n", "zh")]),
        ["l10n", "mirror"]
    );
    let check = |set: &[(&str, &str)], expected: &str| {
        check(&request(&["server-base"], &[], set), Err(expected));
    };
    check(
        &[("miror", "near")],
        "no artifact has an option `miror`; did you mean `mirror`?",
    );
    check(
        &[("mirror", "neer")],
        "option `mirror` cannot be `neer`; did you mean `near`?",
    );
    // An artifact that is not selected is not named.
    check(&[("l10n", "de")], "axis `l10n` cannot be `de`");
}

#[test]
fn one_call_has_a_budget() {
    let values: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let two_axes = |name: &str| {
        let axis =
            |artifact: Artifact, axis| artifact.axis(axis, values.iter().map(String::as_str));
        axis(axis(Artifact::image(name, "debian:12"), "x"), "y").platforms(["linux/amd64"])
    };
    let catalog = Catalog::new()
        .artifact(two_axes("one"))
        .artifact(two_axes("two"));
    let catalog = catalog.check().unwrap();
    let select = |set: &[(&str, &str)]| catalog.select(&request(&["all"], &[], set));
    assert_eq!(
        select(&[]).unwrap_err().to_string(),
        "the selection has more than 100000 variants; `two` alone has 90000 (1 platform(s), 300 values of `x`, 300 values of `y`)"
    );
    assert_eq!(select(&[("x", "7")]).unwrap().len(), 600);
}
