//! The JSON schema of a catalog file, made from the types that read it.

use schemars::generate::SchemaSettings;

use super::artifact::FileTable;

/// The JSON schema (draft 7, which editors know best) of a catalog file.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<FileTable>();
    schema.insert("title".to_owned(), super::CATALOG_FILE.into());
    schema.into()
}
