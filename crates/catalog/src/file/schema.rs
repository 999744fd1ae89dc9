//! The JSON schema of a catalog file, made from the types that read it.

use schemars::{
    Schema,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

use super::artifact::FileTable;

/// The JSON schema (draft 7, which editors know best) of a catalog file.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with_transform(WithoutNull);
    let generator = settings.into_generator();
    let mut schema = generator.into_root_schema_for::<FileTable>();
    schema.insert("title".to_owned(), super::CATALOG_FILE.into());
    let mut schema = schema.into();
    add_conditions(&mut schema);
    schema
}

/// Gives every kind of step the conditions of a group, which any step may have. The reader takes them off before it reads
/// the step, so that the types of steps do not have them.
fn add_conditions(schema: &mut Value) {
    let kinds = schema["definitions"]["Step"]["anyOf"].as_array();
    let kinds = kinds.into_iter().flatten().filter_map(|kind| {
        let reference = kind["$ref"]
            .as_str()
            .or(kind["allOf"][0]["$ref"].as_str())?;
        reference.rsplit('/').next().map(str::to_owned)
    });
    let kinds: Vec<String> = kinds.filter(|kind| kind != "When").collect();
    for condition in ["when", "unless"] {
        let meaning = schema["definitions"]["When"]["properties"][condition].clone();
        for kind in &kinds {
            schema["definitions"][kind]["properties"][condition] = meaning.clone();
        }
    }
}

/// The schema without null, which TOML does not have: optional keys are left out.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = &mut types[..] {
                let only = only.take();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
            if choices.len() == 1 {
                // Draft 7 ignores everything beside a reference, so the reference is in a list of its own.
                let only = schema.remove("anyOf").unwrap_or_default();
                schema.insert("allOf".to_owned(), only);
            }
        }
        transform_subschemas(self, schema);
    }
}
