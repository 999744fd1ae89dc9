//! Artifacts with set options are as sound as those that the catalog's check has looked at.

use proptest::prelude::*;

use crate::{
    Artifact, Base, Caching, Catalog, CheckedCatalog, Copy, Env, Inputs, Request, SelectError, Tar,
    Variant,
};

fn select(
    catalog: &CheckedCatalog,
    name: &str,
    set: &[(&str, &str)],
) -> Result<Vec<Variant>, SelectError> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    catalog.select(&Request {
        artifacts: vec![name.to_owned()],
        set: set.iter().map(owned).collect(),
        ..Request::default()
    })
}

fn catalog() -> CheckedCatalog {
    let copy = || Copy::new("/x", "/x").from("{dep}");
    Catalog::new()
        .option("dep", "debian:12", [])
        .option("tar", "base", [])
        .option("speed", "{level}", ["slow", "fast"])
        .option("level", "slow", [])
        .artifact(Artifact::rootfs("base", "debian:12"))
        .artifact(Artifact::image("picture", "debian:12"))
        .artifact(Artifact::rootfs("tools", "debian:12").axis("l10n", ["en", "zh"]))
        .artifact(Artifact::rootfs("small", "debian:12").platforms(["linux/amd64"]))
        .artifact(Artifact::rootfs("quick", "debian:12").step(Env::new("S", "{speed}")))
        .artifact(Artifact::rootfs("mid", "debian:12").step(copy()))
        .artifact(Artifact::rootfs("app", "mid").step(Tar::of("{tar}", "/x.tar")))
        .check()
        .unwrap()
}

#[test]
fn what_set_values_lead_to_is_checked() {
    let check = |set: (&str, &str), expected: &str| {
        let error = select(&catalog(), "app", &[set]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        ("dep", "toolz"),
        "`app` cannot be made with `dep=toolz`: mid: `toolz`, which a step reads, is no artifact (did you mean `tools`?), and an image needs a tag or a digest",
    );
    check(
        ("dep", "app"),
        "`app` cannot be made with `dep=app`: app: it is made from itself: app → mid → app",
    );
    check(
        ("dep", "mid"),
        "`app` cannot be made with `dep=mid`: mid: it is made from itself: mid → mid",
    );
    check(
        ("dep", "tools"),
        "`app` cannot be made with `dep=tools`: mid: it is made from `tools`, which has the axis `l10n`: give it that axis, or put `{l10n}` into the name of `tools`",
    );
    check(
        ("dep", "small"),
        "`app` cannot be made with `dep=small`: mid: `small`, which it is made from, is not built for `linux/arm64`",
    );
    check(
        ("tar", "picture"),
        "`app` cannot be made with `tar=picture`: app: `picture`, whose tar a step puts in, is not delivered as a tar; only rootfs and layer artifacts are",
    );
    check(
        ("tar", "debian:12"),
        "`app` cannot be made with `tar=debian:12`: app: `debian:12`, whose tar a step puts in, is not an artifact",
    );
    assert!(select(&catalog(), "app", &[("dep", "base"), ("tar", "quick")]).is_ok());
}

#[test]
fn options_of_what_set_values_lead_to_are_there() {
    let speed = |set: &[(&str, &str)]| {
        let variants = select(&catalog(), "app", set).unwrap();
        let catalog = catalog();
        catalog.needs(&variants).unwrap();
        variants[0].variables().get("speed").map(str::to_owned)
    };
    assert_eq!(speed(&[]), None);
    assert_eq!(speed(&[("dep", "quick")]).unwrap(), "slow");
    let both = [("dep", "quick"), ("level", "fast")];
    assert_eq!(speed(&both).unwrap(), "fast");
}

#[test]
fn no_option_drives_another_one_out_of_its_values() {
    let check = |name: &str, set: &[(&str, &str)]| {
        let error = select(&catalog(), name, set).unwrap_err();
        let text = "`level=warp`, option `speed` would be `warp`, made from its default `{level}`";
        assert!(error.to_string().ends_with(text), "{error}");
        assert_eq!(
            error.valid_ones(),
            "set `speed` too; it can be `slow`, `fast`"
        );
    };
    check("quick", &[("level", "warp")]);
    check("app", &[("dep", "quick"), ("level", "warp")]);
    assert!(select(&catalog(), "quick", &[("level", "warp"), ("speed", "fast")]).is_ok());
    assert!(select(&catalog(), "app", &[("level", "warp")]).is_ok());
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// The artifact that a step puts in, and whether as a tar.
fn edge() -> impl Strategy<Value = (String, bool)> {
    let edges = [("{x}", false), ("{y}", false), ("{y}", true), ("d", false)];
    let edges = proptest::sample::select(edges.to_vec());
    edges.prop_map(|(name, is_tar)| (name.to_owned(), is_tar))
}

fn value() -> impl Strategy<Value = String> {
    let values = ["a", "b", "c", "d", "e", "debian", "debian:12", "scratch"];
    proptest::sample::select(values.to_vec()).prop_map(str::to_owned)
}

proptest! {
    /// Any set value is refused or can be planned.
    #[test]
    fn what_is_selected_can_be_planned(
        edges in proptest::collection::vec((proptest::collection::vec(edge(), 0..3), 0..3_u8), 4),
        x in value(),
        y in value(),
    ) {
        let mut catalog = Catalog::new().artifact(Artifact::rootfs("e", "debian:12")).option("x", "debian:12", []).option("y", "e", []);
        for (name, (edges, kind)) in NAMES.iter().zip(edges) {
            let artifact = match kind {
                0 => Artifact::rootfs(name, "debian:12"),
                1 => Artifact::layer(name, Base::scratch()),
                _ => Artifact::image(name, "debian:12").axis("l10n", ["en", "zh"]),
            };
            let artifact = edges.iter().enumerate().fold(artifact, |artifact, (index, edge)| {
                let to = format!("/{index}");
                match edge {
                    (name, true) => artifact.step(Tar::of(name, &to)),
                    (name, false) => artifact.step(Copy::new("/x", &to).from(name)),
                }
            });
            catalog = catalog.artifact(artifact.step(Env::new("X", "{x}")));
        }
        let Ok(catalog) = catalog.check() else {
            return Ok(());
        };
        for name in NAMES {
            let Ok(variants) = select(&catalog, name, &[("x", &x), ("y", &y)]) else {
                continue;
            };
            let needs = catalog.needs(&variants);
            prop_assert!(needs.is_ok(), "{name}: {needs:?}");
            for variant in variants {
                let planned = catalog.plan(&variant, &Inputs::default(), Caching::Use);
                let is_empty = |error: &crate::PlanError| {
                    matches!(*error.reason, crate::PlanProblem::Empty)
                };
                prop_assert!(planned.as_ref().err().is_none_or(is_empty), "{planned:?}");
            }
        }
    }
}
