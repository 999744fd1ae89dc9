//! The graph of every artifact and platform, as JSON that a reviewer can read.

#![expect(
    clippy::disallowed_methods,
    reason = "a test may read what the pure crate may not"
)]

use std::{fs, path::Path};

use catalog::{Caching, FileSet, InputFile, Inputs, NamedContext, Request};

#[test]
fn every_graph_is_as_reviewed() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalog = oocana::catalog().check().unwrap();
    let variants = catalog
        .select(&Request {
            artifacts: vec!["all".into()],
            ..Request::default()
        })
        .unwrap();
    let needs = catalog.needs(&variants).unwrap();
    let text =
        |path: &catalog::ContextPath| fs::read_to_string(repository.join(path.as_str())).unwrap();
    // Data in the graph: a short text in the place of each, so that its content is no part of what is reviewed.
    let files = needs.files.iter().map(|path| {
        let is_script = path.as_str().starts_with("scripts/");
        let text = format!("{{\"version\": \"{path}\"}}\n");
        let file = InputFile::from_bytes(is_script, text.into_bytes());
        (path.clone(), FileSet::from([(path.clone(), file)]))
    });
    let contexts = needs.contexts.iter().map(|(name, paths)| {
        let files = paths.iter().map(|path| {
            let text = "{\"oocana\": \"1\", \"ovmlayer\": \"2\"}".to_owned();
            let file = InputFile::from_bytes(true, text.into_bytes());
            (path.clone(), FileSet::from([(path.clone(), file)]))
        });
        (name.to_string(), NamedContext::Directory(files.collect()))
    });
    let (files, contexts) = (files.collect(), contexts.collect());
    let dockerfiles = needs
        .dockerfiles
        .iter()
        .map(|path| (path.clone(), text(path)))
        .collect();
    let inputs = Inputs {
        dockerfiles,
        files,
        contexts,
        ..Inputs::default()
    };
    for variant in variants {
        let plan = catalog.plan(&variant, &inputs, Caching::Use).unwrap();
        let mut graph = serde_json::to_value(&plan.definition).unwrap();
        let without = |value: &mut serde_json::Value, key: &str| {
            value.as_object_mut().unwrap().remove(key).unwrap();
        };
        for vertex in graph["vertices"].as_array_mut().unwrap() {
            // The same op again, in base64.
            without(vertex, "raw");
        }
        // Whole files in base64: whoever edits a comment in one of them changes no vertex.
        for file in graph["source"]["infos"].as_array_mut().unwrap() {
            without(file, "data");
        }
        without(&mut graph, "pbSize");
        without(&mut graph, "pbSha256");
        let name = format!(
            "{}-{}",
            variant.artifact,
            variant.platform.to_string().replace('/', "-")
        );
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&graph).unwrap());
    }
}
