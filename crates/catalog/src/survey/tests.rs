//! A survey finds the references of plans, and asks no more questions than it needs.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::{
    Artifact, Caching, Catalog, CheckedCatalog, Copy, Download, Inputs, Reader, Run, StepError,
    Tree, When, read::Read,
};
use crate::{CustomStep, Step, StepContext, variant::Variant};

fn names(catalog: &CheckedCatalog, set: &[(&str, &str)]) -> BTreeSet<String> {
    let set: Vec<(String, String)> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let survey = catalog.survey(&set).unwrap();
    let references = survey.references(&Inputs::default()).unwrap();
    references
        .iter()
        .map(|reference| reference.source.name())
        .collect()
}

fn check(artifacts: Vec<Artifact>, set: &[(&str, &str)], expected: &[&str]) {
    let catalog = artifacts
        .into_iter()
        .fold(Catalog::new(), Catalog::artifact);
    let found = names(&catalog.check().unwrap(), set);
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

fn scratch(name: &str) -> Artifact {
    Artifact::rootfs(name, "scratch").platforms(["linux/amd64"])
}

fn get(path: &str) -> Download {
    Download::new(&format!("https://a.example/{path}"), "/")
}

#[test]
fn every_value_of_an_option_is_seen_where_it_is_used() {
    let one = scratch("one")
        .option("v", "1", ["1", "2"])
        .option("free", "x", []);
    check(
        vec![one.clone().step(get("{v}")).step(get("{free}"))],
        &[("free", "y")],
        &[
            "https://a.example/1",
            "https://a.example/2",
            "https://a.example/x",
            "https://a.example/y",
        ],
    );
    let when = |value: &str, step: Download| When::equals("v", value).step(step);
    check(
        vec![one.clone().step(when("2", get("{free}-{v}")))],
        &[],
        &["https://a.example/x-2"],
    );
    check(
        vec![one.step(Copy::new("/etc", "/").from("debian:{v}"))],
        &[],
        &["debian:1", "debian:2"],
    );
}

#[test]
fn defaults_of_other_options_have_all_their_values() {
    let one = scratch("one")
        .option("v", "1", ["1", "2"])
        .option("full", "{v}.0", []);
    check(
        vec![one.clone().step(get("{full}"))],
        &[("full", "x")],
        &[
            "https://a.example/1.0",
            "https://a.example/2.0",
            "https://a.example/x",
        ],
    );
    check(
        vec![one.step(get("{v}/{full}"))],
        &[],
        &["https://a.example/1/1.0", "https://a.example/2/2.0"],
    );
}

/// The product of these has 177,147 members.
#[test]
fn options_do_not_multiply() {
    let options = 0..11;
    let artifact = options.clone().fold(scratch("a"), |artifact, number| {
        artifact.option(&format!("o{number}"), "a", ["a", "b", "c"])
    });
    let artifact = options.fold(artifact, |artifact, number| {
        let run = Run::command("x").env("A", &format!("{{o{number}}}"));
        artifact
            .step(run)
            .step(get(&format!("{number}/{{o{number}}}")))
    });
    let catalog = Catalog::new().artifact(artifact).check().unwrap();
    assert_eq!(names(&catalog, &[]).len(), 33);
}

#[test]
fn what_cannot_be_asked_to_the_end_is_refused() {
    let artifact = (0..11).fold(scratch("a"), |artifact, number| {
        artifact.option(&format!("o{number}"), "a", ["a", "b", "c"])
    });
    let all: Vec<String> = (0..11).map(|number| format!("{{o{number}}}")).collect();
    let all = all.concat();
    let catalog = Catalog::new().artifact(artifact.step(get(&all)));
    let error = catalog.check().unwrap().survey(&[]).map(drop).unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        reason.starts_with("step 1 of artifact `a` uses the options `o0`, `o1`, `o10`, `o2`,"),
        "{reason}"
    );
}

#[derive(Debug)]
struct Own;

impl CustomStep for Own {
    fn title(&self) -> String {
        "own".to_owned()
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let url = format!("https://a.example/{}", reader.variables["v"]);
        Ok(vec![Read::Http {
            url,
            checksum: None,
        }])
    }

    fn apply(&self, tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        Ok(tree)
    }
}

#[test]
fn a_step_in_rust_is_asked_with_all_options() {
    let one = scratch("one").option("v", "1", ["1", "2"]);
    check(
        vec![one.step(When::equals("arch", "amd64").step(Step::custom(Own)))],
        &[],
        &["https://a.example/1", "https://a.example/2"],
    );
}

/// Every variant for every combination of the values that options declare.
fn product(artifact: &Artifact) -> Vec<Variant> {
    let mut variants = artifact.variants();
    for (name, option) in &artifact.options {
        let each = variants.iter().flat_map(|variant| {
            option.values.iter().map(|value| {
                let mut variant = variant.clone();
                variant.values.insert(name.clone(), value.clone());
                variant
            })
        });
        variants = each.collect();
    }
    variants
}

fn step() -> impl Strategy<Value = (Option<(usize, bool)>, Vec<usize>)> {
    let when = proptest::option::of((0..3_usize, any::<bool>()));
    (when, proptest::collection::vec(0..3_usize, 0..3))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The survey of an artifact refers to what the plans of all its variants refer to, and to nothing else.
    #[test]
    fn a_survey_is_all_plans(steps in proptest::collection::vec(step(), 0..5)) {
        let artifact = (0..3).fold(scratch("a"), |artifact, number| {
            artifact.option(&format!("o{number}"), "a", ["a", "b"])
        });
        let steps = steps.into_iter().enumerate().map(|(number, (when, used))| {
            let used: Vec<String> = used.iter().map(|option| format!("-{{o{option}}}")).collect();
            let used = used.concat();
            let step: Step = get(&format!("{number}{used}")).into();
            match when {
                Some((option, is_a)) => {
                    let value = if is_a { "a" } else { "b" };
                    When::equals(&format!("o{option}"), value).step(step).into()
                }
                None => step,
            }
        });
        let artifact = steps.fold(artifact, Artifact::step).step(Run::command("true"));
        let catalog = Catalog::new().artifact(artifact.clone()).check().unwrap();
        let inputs = Inputs::default();
        let planned: BTreeSet<_> = product(&artifact)
            .iter()
            .flat_map(|variant| catalog.plan(variant, &inputs, Caching::Use).unwrap().references)
            .collect();
        let surveyed = catalog.survey(&[]).unwrap().references(&inputs).unwrap();
        prop_assert_eq!(surveyed, planned);
    }
}

/// A lock pins no mistyped image.
#[test]
fn values_that_lead_nowhere_are_refused() {
    let check = |set: &[(&str, &str)], values: &[&str], expected: &str| {
        let one = scratch("one").option("v", "base", values.iter().copied());
        let one = one.step(Copy::new("/x", "/").from("{v}"));
        let base = scratch("base").step(get("x"));
        let catalog = Catalog::new().artifact(base).artifact(one).check().unwrap();
        let set: Vec<(String, String)> = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let error = catalog.survey(&set).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), expected);
    };
    let text = "`bass`, which a step copies from, is no artifact (did you mean `base`?), and an image needs a tag or a digest";
    check(&[], &["base", "bass"], text);
    check(&[("v", "bass")], &[], text);
}
