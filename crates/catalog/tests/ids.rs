//! An id changes with all that can change the artifact, and with nothing else.

#![expect(clippy::unwrap_used, reason = "all of this program is tests")]

mod generated;

use catalog::{
    Apt, Artifact, Attest, Base, Catalog, Cmd, Env, FileSet, GivenForm, Id, InputFile, Inputs,
    Label, Lock, Plan, PlanOptions, ProvenanceMode, Request,
};
use generated::{changed, fleets, leaves, plan};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_can_change_the_artifact_changes_its_id(
        (fleet, leaf) in fleets().prop_flat_map(|fleet| {
            let leaves = leaves(&fleet);
            (Just(fleet), proptest::sample::select(leaves))
        })
    ) {
        let (id, other) = (fleet.plan().id, changed(&fleet, leaf).plan().id);
        prop_assert!(id.is_some() && other.is_some());
        prop_assert_ne!(id, other);
    }

    #[test]
    fn what_cannot_change_the_artifact_leaves_its_id(
        fleet in fleets(),
        undeclared in "[a-z]{1,9}",
    ) {
        let expected = fleet.plan().id;
        // Declared in another order.
        prop_assert_eq!(plan(&fleet.catalog(true), &fleet.top(), &fleet.inputs()).id, expected);
        // A file that nothing declares, and entries of the lock that nothing refers to.
        let mut inputs = fleet.inputs();
        let path: catalog::ContextPath = "undeclared.txt".parse().unwrap();
        let file = InputFile::from_bytes(false, undeclared.into_bytes());
        inputs.files.insert(path.clone().into(), FileSet::from([(path, file)]));
        inputs.lock.set_http("https://example.com/x", format!("sha256:{:064x}", 1).parse().unwrap());
        prop_assert_eq!(plan(&fleet.catalog(false), &fleet.top(), &inputs).id, expected);
        // A lock that was written and read.
        inputs.lock = Lock::from_bytes(fleet.lock().to_text().as_bytes()).unwrap();
        prop_assert_eq!(plan(&fleet.catalog(false), &fleet.top(), &inputs).id, expected);
    }

    #[test]
    fn an_artifact_below_reaches_those_above(fleet in fleets()) {
        let catalog = fleet.catalog(false);
        let ids: Vec<Option<Id>> = (0..fleet.artifacts.len())
            .map(|number| plan(&catalog, &format!("artifact{number}"), &fleet.inputs()).id)
            .collect();
        let mut other = fleet.clone();
        other.artifacts[0].push(generated::Part::Run("one more".to_owned(), None));
        let catalog = other.catalog(false);
        for (number, id) in ids.iter().enumerate() {
            let plan = plan(&catalog, &format!("artifact{number}"), &other.inputs());
            prop_assert_ne!(plan.id, *id);
        }
    }
}

/// The plans of one artifact for all its platforms, on a base that a FROM line names and a lock pins.
fn plans(artifact: Artifact, dockerfile: &str) -> Vec<Plan> {
    plans_with(artifact, dockerfile, &PlanOptions::default())
}

fn plans_with(artifact: Artifact, dockerfile: &str, options: &PlanOptions) -> Vec<Plan> {
    let request = Request {
        artifacts: vec!["all".to_owned()],
        ..Request::default()
    };
    let catalog = Catalog::new().artifact(artifact).check().unwrap();
    let path: catalog::ContextPath = "x.dockerfile".parse().unwrap();
    let inputs = Inputs {
        dockerfiles: [(path, dockerfile.to_owned())].into(),
        lock: Lock::from_bytes(LOCK.as_bytes()).unwrap(),
        ..Inputs::default()
    };
    let variants = catalog.select(&request).unwrap();
    let plan = |variant| catalog.plan(variant, &inputs, options.clone()).unwrap();
    variants.iter().map(plan).collect()
}

const LOCK: &str = r#"
version = 1
[image."debian:12"]
digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
platform."linux/amd64" = {}
platform."linux/arm64" = {}
"#;

fn rootfs() -> Artifact {
    Artifact::rootfs("a", Base::from_line("x.dockerfile")).step(Apt::install(["zsh"]))
}

fn image() -> Artifact {
    Artifact::image("a", Base::from_line("x.dockerfile")).step(Apt::install(["zsh"]))
}

#[test]
fn comments_and_words_for_people_are_not_in_it() {
    let ids = |artifact, dockerfile| -> Vec<Option<Id>> {
        plans(artifact, dockerfile)
            .iter()
            .map(|plan| plan.id)
            .collect()
    };
    let expected = ids(rootfs(), "FROM debian:12\n");
    assert!(expected.iter().all(Option::is_some));
    assert_ne!(expected[0], expected[1], "of two platforms");
    assert_eq!(
        ids(rootfs(), "# a comment\nfrom debian:12 AS x\nRUN y\n"),
        expected
    );
    assert_eq!(
        ids(rootfs().description("other"), "FROM debian:12"),
        expected
    );
    assert_eq!(
        ids(rootfs().output("{arch}/x.tar"), "FROM debian:12"),
        expected
    );
    assert_ne!(ids(image(), "FROM debian:12"), expected, "of another kind");
    let image_id = |given: &str, force_compression: bool| {
        let image_form = GivenForm {
            compression: Some(given.parse().unwrap()),
            force_compression,
            ..GivenForm::default()
        };
        let options = PlanOptions {
            image_form,
            ..PlanOptions::default()
        };
        plans_with(image(), "FROM debian:12\n", &options)[0].id
    };
    let (plain, zstd) = (ids(image(), "FROM debian:12")[0], image_id("zstd", true));
    assert!(plain != zstd && zstd != image_id("gzip", true));
    // What an artifact declares is forced.
    assert_ne!(zstd, image_id("zstd", false));
    assert_eq!(ids(image().compression("zstd"), "FROM debian:12")[0], zstd);
    let max = image().attest(Attest::provenance(ProvenanceMode::Max));
    assert_ne!(ids(max, "FROM debian:12")[0], plain);
    let annotated = image()
        .annotation("index:a", "{artifact}")
        .annotation("b", "c");
    assert_eq!(ids(annotated, "FROM debian:12")[0], plain);
    // Compressed, it is another file.
    let id = |how: &str| {
        let plans = plans_with(
            rootfs(),
            "FROM debian:12\n",
            &PlanOptions {
                tar_compression: Some(how.parse().unwrap()),
                ..PlanOptions::default()
            },
        );
        (plans[0].id, plans[0].output.to_string())
    };
    let (gzip, best, zstd) = (id("gzip"), id("gzip:9"), id("zstd"));
    assert_eq!(id("uncompressed").0, expected[0]);
    assert!(gzip.0 != expected[0] && gzip.0 != best.0 && gzip.0 != zstd.0);
    assert_eq!((&*gzip.1, &*zstd.1), ("a/amd64.tar.gz", "a/amd64.tar.zst"));
    let declared = rootfs().compression("gzip").output("a/{arch}.tar.gz");
    let declared = plans(declared, "FROM debian:12\n");
    assert_eq!(
        (declared[0].id, declared[0].output.as_str()),
        (gzip.0, "a/amd64.tar.gz")
    );
    // A tar has no config.
    assert_eq!(
        ids(rootfs().step(Cmd::new(["sh"])), "FROM debian:12"),
        expected
    );
}

#[test]
fn an_image_is_its_config_and_all_its_platforms() {
    let id = |artifact| {
        let plans = plans(artifact, "FROM debian:12");
        let (forwards, backwards): (Vec<&Plan>, Vec<&Plan>) =
            (plans.iter().collect(), plans.iter().rev().collect());
        let id = Id::of_image(&forwards).unwrap();
        assert_eq!(Id::of_image(&backwards), Some(id));
        assert_ne!(Id::of_image(&forwards[..1]), Some(id));
        id
    };
    let plain = id(image());
    for other in [
        image().step(Cmd::new(["sh"])),
        image().step(Env::new("A", "1")),
        image().step(Label::new("a", "1")),
    ] {
        assert_ne!(id(other), plain);
    }
    assert_eq!(plain.to_string().parse(), Ok(plain));
    assert_eq!(plain.content_tag(), plain.to_string()[..12]);
}
