//! Answers as clients receive them: the JSON, and the text beside it.

mod lines;

use std::collections::{BTreeMap, BTreeSet};

use catalog::{
    BaseConfig, Caching, Catalog, CatalogFile, CheckedCatalog, Epoch, FileSet, ImagePin, InputFile,
    Inputs, NamedContext, Plan, Request, Variant,
};

use super::{place::Shown, *};
use crate::options::OptionError;

const FILE: &str = r#"default = ["tools"]

[artifact.tools]
kind = "rootfs"
description = "Tools for people."
base = { from = "base.dockerfile" }
axes.l10n = ["en_US", "zh_CN"]
options.color = { default = "auto", values = ["auto", "never"] }
options.mirror = { default = "" }
steps = [
  { run = "make", cache = ["/cache"], secrets = ["token"], ssh = ["default"] },
  { copy = "{l10n}", to = "/", context = "fonts" },
  { download = "https://example.org/{l10n}.txt", to = "/{l10n}.txt" },
]

[artifact.more]
kind = "image"
base = "tools"
axes.l10n = ["en_US", "zh_CN"]
platforms = ["linux/amd64"]
steps = [{ copy = "/etc/os-release", to = "/", from = "debian:12" }, { run = { script = "run.sh" }, files = ["run.sh"] }]

[artifact.base]
kind = "rootfs"
base = { from = "base.dockerfile" }
steps = [{ workdir = "/app" }, { run = "true", network = "none" }]
"#;

fn catalog() -> CheckedCatalog {
    let file = CatalogFile::parse("llbgen.toml", FILE).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    catalog.check().unwrap()
}

/// Inputs with a Dockerfile and `run.sh`, which may be executable or not.
fn inputs(executable: bool) -> Inputs {
    let script = "run.sh".parse::<catalog::ContextPath>().unwrap();
    let file = InputFile::from_bytes(executable, b"#!/bin/sh\n".to_vec());
    let files = FileSet::from([(script.clone(), file)]);
    let dockerfile = "# The base.\nFROM debian:12\n".to_owned();
    Inputs {
        dockerfiles: BTreeMap::from([("base.dockerfile".parse().unwrap(), dockerfile)]),
        files: BTreeMap::from([(script.into(), files)]),
        ..Inputs::default()
    }
}

fn select(artifact: &str, platform: &str, set: &[(&str, &str)]) -> Vec<Variant> {
    let set = set.iter();
    let request = Request {
        artifacts: vec![artifact.to_owned()],
        platforms: vec![platform.parse().unwrap()],
        set: set
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    catalog().select(&request).unwrap()
}

fn plan(variant: &Variant) -> Plan {
    let plan = catalog().plan(variant, &inputs(true), Caching::Use);
    plan.unwrap()
}

/// The JSON on one line, and the text.
fn shown(answer: Answer) -> String {
    let json = String::from_utf8(answer.json).unwrap();
    format!("{json}\n---\n{}", answer.text)
}

fn entries(result: BuildResult) -> BTreeMap<String, String> {
    let BuildResult::Answer(entries) = result else {
        panic!("not an answer: {result:?}");
    };
    let text = |(name, bytes)| (name, String::from_utf8(bytes).unwrap());
    entries.into_iter().map(text).collect()
}

#[test]
fn what_can_be_asked_is_described() {
    insta::assert_snapshot!(shown(describe::answer().unwrap()));
}

#[test]
fn questions_go_by_their_names() {
    for question in Question::ALL {
        assert_eq!(Question::named(question.name()).unwrap(), question);
    }
    let describe = Question::named("frontend.describe").unwrap();
    assert_eq!(describe, Question::Describe);
    let error = Question::named("frontend.nonsense").unwrap_err();
    let report = error.report();
    assert!(report.contains("there is no subrequest `frontend.nonsense`"));
    assert!(report.contains("`frontend.outline`, `frontend.targets`"));
}

#[test]
fn some_is_answered_whatever_the_catalog() {
    let described = at_once("frontend.describe").unwrap().unwrap();
    assert!(entries(described)["result.txt"].starts_with("NAME "));
    assert!(at_once("frontend.nonsense").unwrap().is_err());
    assert!(at_once("frontend.lint").is_none());
}

#[test]
fn an_answer_has_the_entries_that_clients_look_for() {
    let names = |question: Question, answer: Answer| -> BTreeSet<String> {
        entries(answer.into_result(question)).into_keys().collect()
    };
    let listed = |question: Question| -> BTreeSet<String> {
        let listed = question.entries().iter();
        let listed = listed.map(|name| (*name).to_owned());
        listed.chain([question::VERSION.to_owned()]).collect()
    };
    let described = names(Question::Describe, describe::answer().unwrap());
    assert_eq!(described, listed(Question::Describe));
    let clean = lint::check(&catalog(), &[], &inputs(true), Shown::All).into_answer();
    let clean = clean.unwrap();
    assert_eq!(clean.text, "no warnings\n");
    assert_eq!(clean.status, Some(0));
    assert_eq!(names(Question::Lint, clean), listed(Question::Lint));
}

#[test]
fn targets_are_listed() {
    let dockerfiles = inputs(true).dockerfiles;
    let list = targets::list(&catalog(), Some("tools"), &dockerfiles);
    let answer = Answer::new(&list, list.to_text()).unwrap();
    insta::assert_snapshot!(shown(answer));
}

#[test]
fn a_base_is_an_image_when_it_can_be_known() {
    let check = |name: &str, inputs: &Inputs, expected: &str| {
        let catalog = catalog();
        let base = targets::base(&catalog, catalog.get(name).unwrap(), inputs);
        assert_eq!(base, expected);
    };
    check("tools", &inputs(true), "debian:12");
    check("tools", &Inputs::default(), "base.dockerfile");
    check("more", &inputs(true), "tools");
}

#[test]
fn an_outline_says_what_a_target_takes() {
    let check = |name: &str, set: &[(&str, &str)]| {
        let variants = select("tools", "linux/arm64", set);
        let caches = variants.iter().flat_map(|v| outline::cache_ids(&plan(v)));
        let outline = outline::outline(&catalog(), &variants, caches.collect()).unwrap();
        let answer = Answer::new(&outline, outline.to_text()).unwrap();
        insta::assert_snapshot!(name, shown(answer));
    };
    check("outline", &[]);
    check("outline_chosen", &[("l10n", "zh_CN"), ("color", "never")]);
}

#[test]
fn what_is_made_from_another_takes_its_secrets_too() {
    let variants = select("more", "linux/amd64", &[]);
    let outline = outline::outline(&catalog(), &variants, BTreeSet::new()).unwrap();
    let text = outline.to_text();
    assert!(text.contains("token      true"), "{text}");
}

#[test]
fn warnings_name_what_is_not_written_down() {
    let mut variants = select("tools", "linux/amd64", &[]);
    variants.extend(select("more", "linux/amd64", &[]));
    let results = lint::check(&catalog(), &variants, &inputs(true), Shown::All);
    let answer = results.into_answer().unwrap();
    assert_eq!(answer.status, Some(1));
    insta::assert_snapshot!(shown(answer));
}

#[test]
fn what_cannot_be_planned_is_the_error_of_the_build() {
    let variants = select("more", "linux/amd64", &[("l10n", "en_US")]);
    let check = |name: &str, inputs: &Inputs| {
        let results = lint::check(&catalog(), &variants, inputs, Shown::All);
        insta::assert_snapshot!(name, shown(results.into_answer().unwrap()));
    };
    check("error_in_a_step", &inputs(false));
    let mut inputs = inputs(true);
    let dockerfile = inputs.dockerfiles.values_mut().next().unwrap();
    "# The base.\nFROM $BASE\n".clone_into(dockerfile);
    check("error_in_a_from_line", &inputs);
}

#[test]
fn a_context_that_stands_for_nothing_is_the_error_of_the_build() {
    let mut inputs = inputs(true);
    let image = NamedContext::Image("debian:13".parse().unwrap());
    inputs.contexts.insert("nothing".to_owned(), image);
    let variants = select("base", "linux/amd64", &[]);
    let results = lint::check(&catalog(), &variants, &inputs, Shown::All);
    let text = results.into_answer().unwrap().text;
    assert!(text.contains("ERROR: no selected artifact has a base or an input `nothing`"));
    assert!(text.contains("hint: "), "{text}");
}

#[test]
fn who_asks_what_is_wrong_is_told_in_an_answer() {
    let error = || {
        FrontendError::Option(OptionError::NoContext {
            value: "https://example.org".to_owned(),
        })
    };
    for question in [None, Some("frontend.targets"), Some("frontend.nonsense")] {
        assert!(or_error(question, error()).is_err(), "{question:?}");
    }
    let answered = entries(or_error(Some("frontend.lint"), error()).unwrap());
    assert_eq!(answered["result.statuscode"], "1");
    let results: serde_json::Value = serde_json::from_str(&answered["result.json"]).unwrap();
    let message = results["buildError"]["message"].as_str().unwrap();
    assert!(message.contains("https://example.org"), "{message}");
    // Clients look up the file of an error without a check that it is there.
    assert_eq!(results["buildError"]["location"]["sourceIndex"], 0);
    assert_eq!(results["sources"].as_array().unwrap().len(), 1);
    let bug = FrontendError::Bug {
        message: String::new(),
    };
    assert!(or_error(Some("frontend.lint"), bug).is_err());
}

#[test]
fn a_lock_that_says_everything_leaves_no_warning() {
    let check = |platform: &str, expected: &[&str]| {
        let mut inputs = inputs(true);
        let digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let config = BaseConfig::from_json(br#"{"config":{}}"#).unwrap();
        let pin = ImagePin::new(digest, [("linux/amd64".parse().unwrap(), config)]);
        inputs.lock.set_image(&"debian:12".parse().unwrap(), pin);
        inputs.lock.set_epoch(Epoch::from_seconds(1).unwrap());
        let variants = select("base", platform, &[]);
        let results = lint::check(&catalog(), &variants, &inputs, Shown::All);
        let text = results.into_answer().unwrap().text;
        let mut found = text.lines();
        for line in expected {
            assert_eq!(found.next(), Some(*line), "{text}");
        }
    };
    check("linux/amd64", &["no warnings"]);
    let lacks = "base.dockerfile:2: `llbgen.lock` has no config of `debian:12` for `linux/arm64`; `llbgen lock` writes it there";
    check("linux/arm64", &["WARNING: IncompleteLock", lacks]);
}

#[test]
fn a_graph_is_printed_by_digest() {
    let variants = select("base", "linux/amd64", &[]);
    let definition = plan(&variants[0]).definition;
    let graph = convert::graph(&definition).unwrap();
    let answer = Answer::new(&graph, convert::listing(&definition)).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&answer.json).unwrap();
    let digests: BTreeSet<String> = definition
        .entries()
        .iter()
        .map(|entry| entry.digest().to_string())
        .collect();
    for part in ["def", "metadata"] {
        let keys = json[part].as_object().unwrap().keys();
        assert_eq!(keys.cloned().collect::<BTreeSet<_>>(), digests, "{part}");
    }
    insta::assert_snapshot!(shown(answer));
}
