//! Labels, and the sources of their values.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError, copy::context_problem};
use crate::{
    either::text_or_table,
    inputs::{FileContent, FileSet},
    name::ContextName,
    path::ContextPath,
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Sets labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The labels and their values.
    label: BTreeMap<String, Value>,
}

/// Where the value of a label comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "LabelValue")]
enum Value {
    /// It is this text, which may use what the base or an earlier step sets, as `$VERSION`.
    Text(TreeText),
    /// A text in a JSON file.
    Json(Json),
    /// The tag of the image that the first FROM line of a Dockerfile names, without a leading `v`.
    TagOf(TagOf),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Json {
    /// The file, in the context directory; a template.
    #[serde(rename = "json")]
    file: Template,
    /// The key of the text in the file's object; a template.
    key: Template,
    /// The directory that the file is in instead, which the user gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<ContextName>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TagOf {
    /// The Dockerfile; a template.
    #[serde(rename = "tag-of")]
    tag_of: Template,
}

/// A value that is written as a table, with the keys of all kinds.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ValueTable {
    json: Option<Template>,
    key: Option<Template>,
    context: Option<ContextName>,
    tag_of: Option<Template>,
}

const TABLES: &str =
    "`{ json = FILE, key = KEY }`, with `context = NAME` if need be, or `{ tag-of = DOCKERFILE }`";

impl TryFrom<ValueTable> for Value {
    type Error = String;

    fn try_from(table: ValueTable) -> Result<Self, String> {
        match table {
            ValueTable {
                json: Some(file),
                key: Some(key),
                context,
                tag_of: None,
            } => Ok(Self::Json(Json { file, key, context })),
            ValueTable {
                json: None,
                key: None,
                context: None,
                tag_of: Some(tag_of),
            } => Ok(Self::TagOf(TagOf { tag_of })),
            _ => Err(format!("the value of a label is text, or {TABLES}")),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |text: &str| text.parse().map(Self::Text);
        text_or_table::<_, _, _, ValueTable>(deserializer, "text or a table", text)
    }
}

impl Label {
    /// Sets one label; the value is a [`TreeText`].
    pub fn new(name: &str, value: &str) -> Self {
        Self::of(name, Value::Text(TreeText::unchecked(value)))
    }

    /// Sets one label to the text that the JSON object in the file `path` (a template) has for `key`.
    pub fn json(name: &str, path: &str, key: &str) -> Self {
        let json = Json {
            file: Template::unchecked(path),
            key: Template::unchecked(key),
            context: None,
        };
        Self::of(name, Value::Json(json))
    }

    /// As [`json`](Self::json), with the file in the directory that `--build-context CONTEXT=DIR` gives.
    pub fn context_json(name: &str, context: &str, path: &str, key: &str) -> Self {
        let json = Json {
            file: Template::unchecked(path),
            key: Template::unchecked(key),
            context: Some(ContextName::unchecked(context)),
        };
        Self::of(name, Value::Json(json))
    }

    /// Sets one label to the tag of the image that the first FROM line of `dockerfile` names, without a leading `v`.
    pub fn tag_of(name: &str, dockerfile: &str) -> Self {
        let tag_of = Template::unchecked(dockerfile);
        Self::of(name, Value::TagOf(TagOf { tag_of }))
    }

    fn of(name: &str, value: Value) -> Self {
        Self {
            label: BTreeMap::from([(name.to_owned(), value)]),
        }
    }
}

impl Value {
    fn texts(&self) -> Vec<&dyn Text> {
        match self {
            Self::Text(text) => vec![text],
            Self::Json(json) => vec![&json.file, &json.key],
            Self::TagOf(TagOf { tag_of }) => vec![tag_of],
        }
    }
}

impl TagOf {
    fn path(&self, variables: &Variables) -> Result<ContextPath, StepError> {
        Ok(self.tag_of.expand(variables)?.parse()?)
    }
}

impl Json {
    fn path(&self, variables: &Variables) -> Result<ContextPath, StepError> {
        Ok(self.file.expand(variables)?.parse()?)
    }

    fn read(&self, variables: &Variables) -> Result<Read, StepError> {
        let path = self.path(variables)?;
        Ok(match &self.context {
            Some(name) => Read::Context {
                name: name.clone(),
                path,
            },
            None => Read::Files(path),
        })
    }

    /// The text; empty if the user did not give the directory.
    fn value(&self, context: &StepContext<'_>) -> Result<String, StepError> {
        let path = self.path(context.variables())?;
        let files = match &self.context {
            Some(name) => context.context_files(name, &path)?,
            None => Some(context.files(&path)?),
        };
        let key = self.key.expand(context.variables())?;
        files.map_or(Ok(String::new()), |files| text(&path, &key, files))
    }
}

fn text(path: &ContextPath, key: &str, files: &FileSet) -> Result<String, StepError> {
    let wrong = |problem: String| StepError::Value {
        path: path.clone(),
        problem,
    };
    let Some(FileContent::Text(text)) = files.get(path).map(|file| &file.content) else {
        return Err(wrong("is no JSON file".to_owned()));
    };
    let json: serde_json::Value =
        serde_json::from_slice(text).map_err(|error| wrong(format!("is no JSON: {error}")))?;
    let value = json.get(key).and_then(serde_json::Value::as_str);
    let value = value.ok_or_else(|| wrong(format!("has no text for the key `{key}`")))?;
    Ok(value.to_owned())
}

impl Apply for Label {
    fn title(&self) -> String {
        let names: Vec<&str> = self.label.keys().map(String::as_str).collect();
        format!("label {}", names.join(" "))
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let mut reads = Vec::new();
        for value in self.label.values() {
            match value {
                Value::Text(_) => {}
                Value::Json(json) => reads.push(json.read(reader.variables)?),
                Value::TagOf(tag_of) => {
                    reads.push(Read::FromLine(tag_of.path(reader.variables)?));
                }
            }
        }
        Ok(reads)
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        for (name, value) in &self.label {
            let value = match value {
                Value::Text(text) => context.expand(text)?,
                Value::Json(json) => json.value(context)?,
                Value::TagOf(tag_of) => {
                    let tag = context.tag_of(&tag_of.path(context.variables())?)?;
                    tag.strip_prefix('v').unwrap_or(&tag).to_owned()
                }
            };
            tree.config.labels.insert(name.clone(), value);
        }
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        self.label.values().flat_map(Value::texts).collect()
    }

    fn problems(&self) -> Vec<String> {
        let names = self.label.keys().filter_map(|name| {
            if name.is_empty() {
                Some("`label` has an empty name".to_owned())
            } else if name.contains(['{', '}']) {
                Some(format!(
                    "`{name}` cannot be the name of a label; names are taken as they are written"
                ))
            } else {
                None
            }
        });
        let values = self.label.values().filter_map(|value| match value {
            Value::Json(json) => json.context.as_ref().and_then(context_problem),
            Value::TagOf(_) | Value::Text(_) => None,
        });
        names.chain(values).collect()
    }
}
