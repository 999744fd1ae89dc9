//! A catalog in Rust and the same one in a file are one.

use std::fs;

use catalog::{Artifact, CATALOG_FILE, Catalog, CatalogFile};
use serde_json::Value;
use toml::Table;

use crate::{listing, repository};

/// The artifacts as `show` prints them.
fn shown<'a>(artifacts: impl IntoIterator<Item = &'a Artifact>) -> Vec<Value> {
    let shown = artifacts.into_iter().map(serde_json::to_value);
    shown.map(Result::unwrap).collect()
}

#[test]
fn the_twin_of_a_catalog_in_rust_has_its_artifacts_ids_and_graphs() {
    let path = repository().join("tests/example-crate/twin.toml");
    let file = CatalogFile::parse("twin.toml", &fs::read_to_string(path).unwrap()).unwrap();
    let in_rust = example_crate::catalog().check().unwrap();
    assert_eq!(shown(file.artifacts()), shown(in_rust.artifacts()));
    let twin = Catalog::new().with_file(file).unwrap();
    assert_eq!(twin.clone().check().unwrap().defaults(), in_rust.defaults());
    assert_eq!(listing(twin), listing(example_crate::catalog()));
}

/// An artifact as a catalog file that says the same.
fn as_file(artifact: &Artifact) -> String {
    let mut table = Table::try_from(artifact).unwrap();
    let name = table.remove("name").unwrap();
    let artifacts = Table::from_iter([(name.as_str().unwrap().to_owned(), table.into())]);
    let file = Table::from_iter([("artifact".to_owned(), toml::Value::from(artifacts))]);
    toml::to_string(&file).unwrap()
}

#[test]
fn every_artifact_in_rust_is_the_same_from_a_file() {
    for artifact in example_crate::catalog().check().unwrap().artifacts() {
        let text = as_file(artifact);
        let file = CatalogFile::parse(CATALOG_FILE, &text)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(shown(file.artifacts()), shown([artifact]), "{text}");
    }
}
