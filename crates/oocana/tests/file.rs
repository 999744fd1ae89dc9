//! The built-in artifacts can be said in a catalog file.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use catalog::{Artifact, CATALOG_FILE, CatalogFile};
use toml::{Table, Value};

/// An artifact as a catalog file that says the same.
fn as_file(artifact: &Artifact) -> String {
    let mut table = Table::try_from(artifact).unwrap();
    let name = table.remove("name").unwrap();
    let artifacts = Table::from_iter([(name.as_str().unwrap().to_owned(), Value::from(table))]);
    let file = Table::from_iter([("artifact".to_owned(), Value::from(artifacts))]);
    toml::to_string(&file).unwrap()
}

#[test]
fn every_artifact_is_the_same_from_a_file() {
    let catalog = oocana::catalog().check().unwrap();
    for artifact in catalog.artifacts() {
        let text = as_file(artifact);
        let file = CatalogFile::parse(CATALOG_FILE, &text)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let read = serde_json::to_value(&file.artifacts()[0]).unwrap();
        assert_eq!(read, serde_json::to_value(artifact).unwrap(), "{text}");
    }
}
