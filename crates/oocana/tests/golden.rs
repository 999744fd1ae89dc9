//! The graph of every artifact and platform, as JSON that a reviewer can read.

#![expect(
    clippy::disallowed_methods,
    reason = "a test may read what the pure crate may not"
)]

use std::{fs, path::Path};

use catalog::{Caching, Inputs, Request};

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
    let dockerfiles = needs
        .dockerfiles
        .iter()
        .map(|path| (path.clone(), text(path)))
        .collect();
    let inputs = Inputs {
        dockerfiles,
        ..Inputs::default()
    };
    assert!(needs.files.is_empty(), "the golden graphs read no files");
    for variant in variants {
        let plan = catalog.plan(&variant, &inputs, Caching::Use).unwrap();
        let mut graph = serde_json::to_value(&plan.definition).unwrap();
        for vertex in graph["vertices"].as_array_mut().unwrap() {
            // The same op again, in base64.
            vertex.as_object_mut().unwrap().remove("raw");
        }
        let name = format!(
            "{}-{}",
            variant.artifact,
            variant.platform.to_string().replace('/', "-")
        );
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&graph).unwrap());
    }
}
