//! The graph of every artifact and platform of the fleet at the root, as JSON that a reviewer can read.

use std::fs;

use catalog::{
    Caching, CheckedCatalog, ContextPath, Declared, FileSet, InputFile, Inputs, NamedContext,
    Request, Variant,
};
use serde_json::Value;

use crate::{file, repository};

/// A short text in the place of each input, so that its content is no part of what is reviewed.
fn inputs(catalog: &CheckedCatalog, variants: &[Variant]) -> Inputs {
    let needs = catalog.needs(variants).unwrap();
    let one = |path: &ContextPath, is_program: bool, text: String| {
        let file = InputFile::from_bytes(is_program, text.into_bytes());
        let declared = Declared::from(path.clone());
        (declared, FileSet::from([(path.clone(), file)]))
    };
    let files = needs.files.iter().map(|Declared { path, .. }| {
        let is_script = path.as_str().starts_with("scripts/");
        one(path, is_script, format!("{{\"version\": \"{path}\"}}\n"))
    });
    let versions = || "{\"oocana\": \"1\", \"ovmlayer\": \"2\"}".to_owned();
    let contexts = needs.contexts.iter().map(|(name, paths)| {
        let files = paths.iter();
        let files = files.map(|Declared { path, .. }| one(path, true, versions()));
        (name.to_string(), NamedContext::Directory(files.collect()))
    });
    let dockerfiles = needs.dockerfiles.iter().map(|path| {
        let text = fs::read_to_string(repository().join(path.as_str()));
        (path.clone(), text.unwrap())
    });
    Inputs {
        files: files.collect(),
        contexts: contexts.collect(),
        dockerfiles: dockerfiles.collect(),
        ..Inputs::default()
    }
}

/// What is reviewed of a graph: neither the places that its vertices are from, so that whoever edits a comment changes
/// nothing, nor the same op again in base64.
fn reviewed(mut graph: Value) -> String {
    let without = |value: &mut Value, key: &str| {
        value.as_object_mut().unwrap().remove(key).unwrap();
    };
    for vertex in graph["vertices"].as_array_mut().unwrap() {
        without(vertex, "raw");
    }
    for key in ["source", "pbSize", "pbSha256"] {
        without(&mut graph, key);
    }
    serde_json::to_string_pretty(&graph).unwrap()
}

#[test]
fn every_graph_is_as_reviewed() {
    let catalog = file("").check().unwrap();
    let all = Request {
        artifacts: vec!["all".to_owned()],
        ..Request::default()
    };
    let variants = catalog.select(&all).unwrap();
    let inputs = inputs(&catalog, &variants);
    for variant in variants {
        let plan = catalog.plan(&variant, &inputs, Caching::Use).unwrap();
        let graph = serde_json::to_value(&plan.definition).unwrap();
        let platform = variant.platform.to_string().replace('/', "-");
        let name = format!("{}-{platform}", variant.artifact);
        insta::assert_snapshot!(name, reviewed(graph));
    }
}
