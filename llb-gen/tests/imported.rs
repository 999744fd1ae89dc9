//! What `llbgen import` prints is a catalog that llbgen itself takes.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{fs, path::Path};

use llbgen::catalog::{Catalog, CatalogFile};

/// The reviewed catalogs of the tests of `import`, by the name of their directory.
fn imported() -> Vec<(String, String)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/import/tests");
    let directories = ["catalogs", "dockerfiles", "projects"].map(|name| tests.join(name));
    let cases = directories.iter().flat_map(|it| fs::read_dir(it).unwrap());
    let catalogs = cases.map(|case| {
        let case = case.unwrap();
        let name = case.file_name().into_string().unwrap();
        let text = fs::read_to_string(case.path().join("llbgen.toml")).unwrap();
        (name, text)
    });
    let mut catalogs: Vec<_> = catalogs.collect();
    catalogs.sort();
    catalogs
}

fn checked(text: &str) -> Result<(), String> {
    let file = CatalogFile::parse("llbgen.toml", text).map_err(|error| error.to_string())?;
    let catalog = Catalog::new().with_file(file);
    let catalog = catalog.map_err(|error| error.to_string())?;
    let checked = catalog.check().map_err(|error| error.to_string())?;
    assert!(checked.artifacts().next().is_some());
    Ok(())
}

#[test]
fn every_imported_catalog_is_taken() {
    let catalogs = imported();
    assert!(catalogs.len() > 35, "{}", catalogs.len());
    for (name, text) in catalogs {
        match (name.as_str(), checked(&text)) {
            // Their bases are no images, one but with `--build-arg`, and the import says so.
            ("no-value", Err(error)) => assert!(error.contains("`golang:` is no artifact")),
            ("no-image", Err(error)) => assert!(error.contains("`REPLACE-ME` is no artifact")),
            ("no-value" | "no-image", Ok(())) => panic!("{name}: the base was taken"),
            (_, taken) => assert_eq!(taken, Ok(()), "{name}\n{text}"),
        }
    }
}
