//! The JSON that `docker buildx bake --print` writes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    convert::Shared,
    describe::Described,
    finding::Weight,
    import::{ImportError, Source},
    path::join,
    project::Project,
};

/// What a target says and an artifact does not: its key, how much that weighs, and why.
const OTHERS: [(&str, Weight, &str); 17] = [
    (
        "cache-from",
        Weight::Changed,
        "caches are given to `llbgen build`",
    ),
    (
        "cache-to",
        Weight::Changed,
        "caches are given to `llbgen build`",
    ),
    (
        "output",
        Weight::Changed,
        "where outputs go is said to `llbgen build`",
    ),
    (
        "secret",
        Weight::Changed,
        "secrets are given to `llbgen build`",
    ),
    ("ssh", Weight::Changed, "agents are given to `llbgen build`"),
    (
        "no-cache",
        Weight::Changed,
        "what is built anew is said to `llbgen build`",
    ),
    (
        "no-cache-filter",
        Weight::Changed,
        "what is built anew is said to `llbgen build`",
    ),
    ("pull", Weight::Changed, "the lock says which base is meant"),
    (
        "call",
        Weight::Changed,
        "what is asked is said on the command line",
    ),
    (
        "network",
        Weight::Lost,
        "a step has the daemon's network, or none, which each step says",
    ),
    ("shm-size", Weight::Lost, "no step has limits of its own"),
    ("ulimits", Weight::Lost, "no step has limits of its own"),
    (
        "entitlements",
        Weight::Lost,
        "no step has more rights than a container",
    ),
    ("extra-hosts", Weight::Lost, "no step has hosts of its own"),
    ("resources", Weight::Lost, "no step has limits of its own"),
    ("policy", Weight::Lost, "policies are the daemon's"),
    ("devices", Weight::Lost, "no step is given a device"),
];

const KNOWN: [&str; 14] = [
    "context",
    "contexts",
    "dockerfile",
    "dockerfile-inline",
    "args",
    "labels",
    "tags",
    "platforms",
    "target",
    "annotations",
    "attest",
    "description",
    "name",
    "matrix",
];

/// The targets of a bake file.
pub(crate) fn read(source: &Source, shared: &mut Shared<'_>) -> Result<Project, ImportError> {
    let refused =
        |line: Option<usize>, reason: String| ImportError::new(&source.path, line, reason);
    let json: Value = serde_json::from_str(&source.text).map_err(|error| {
        let line = Some(error.line()).filter(|line| *line > 0);
        refused(
            line,
            format!("this is not what `docker buildx bake --print` writes: {error}"),
        )
    })?;
    let targets = json
        .get("target")
        .and_then(Value::as_object)
        .ok_or_else(|| {
            refused(
                None,
                "there is no `target` in it, which `docker buildx bake --print` writes".to_owned(),
            )
        })?;
    let mut described = Vec::new();
    for (name, target) in targets {
        let reader = Reader {
            source,
            name,
            line: line_of(&source.text, name),
        };
        let target = target
            .as_object()
            .ok_or_else(|| reader.refused("it is no table"))?;
        described.extend(reader.described(target, shared));
    }
    Project::described(&described, &groups(&json), shared)
}

fn groups(json: &Value) -> Vec<(String, Vec<String>)> {
    let groups = json.get("group").and_then(Value::as_object);
    let members = |group: &Value| texts(group.get("targets"));
    let groups = groups.into_iter().flatten();
    groups
        .map(|(name, group)| (name.clone(), members(group)))
        .collect()
}

/// The line that a target begins in.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let key = format!("{}:", Value::from(name));
    let at = text
        .lines()
        .position(|line| line.trim_start().starts_with(&key));
    at.map(|at| at + 1)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn table(value: Option<&Value>) -> BTreeMap<String, String> {
    let pairs = value.and_then(Value::as_object).into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect()
}

struct Reader<'a> {
    source: &'a Source,
    name: &'a str,
    line: Option<usize>,
}

impl Reader<'_> {
    fn refused(&self, reason: &str) -> ImportError {
        ImportError::new(
            &self.source.path,
            self.line,
            format!("`{}`: {reason}", self.name),
        )
    }

    fn tell(&self, shared: &mut Shared<'_>, weight: Weight, reason: &str) {
        let reason = format!("`{}`: {reason}", self.name);
        shared.find(&self.source.path, self.line, weight, &reason);
    }

    /// The target; nothing if its files are elsewhere.
    fn described(&self, target: &Map<String, Value>, shared: &mut Shared<'_>) -> Option<Described> {
        self.tell_of_others(target, shared);
        let one = |key: &str| target.get(key).and_then(text);
        let context = one("context").unwrap_or_else(|| ".".to_owned());
        let is_elsewhere =
            context.contains("://") || context.starts_with('/') || context.starts_with("git@");
        let path = join("", &context).filter(|_| !is_elsewhere);
        let Some(path) = path else {
            let reason =
                format!("its context `{context}` is not below the directory of the catalog");
            self.tell(shared, Weight::Lost, &reason);
            return None;
        };
        Some(Described {
            name: self.name.to_owned(),
            file: self.source.path.clone(),
            line: self.line,
            description: one("description").filter(|text| !text.is_empty()),
            context: path,
            dockerfile: one("dockerfile").unwrap_or_else(|| "Dockerfile".to_owned()),
            inline: one("dockerfile-inline"),
            args: table(target.get("args")),
            contexts: table(target.get("contexts")),
            labels: table(target.get("labels")),
            annotations: texts(target.get("annotations")),
            attest: attest(target.get("attest")),
            tags: texts(target.get("tags")),
            platforms: texts(target.get("platforms")),
            stage: one("target").filter(|stage| !stage.is_empty()),
        })
    }

    fn tell_of_others(&self, target: &Map<String, Value>, shared: &mut Shared<'_>) {
        for (key, value) in target {
            let is_empty = match value {
                Value::Null | Value::Bool(false) => true,
                Value::String(text) => text.is_empty() || text == "default",
                Value::Array(values) => values.is_empty(),
                Value::Object(values) => values.is_empty(),
                _ => false,
            };
            if is_empty || KNOWN.contains(&key.as_str()) {
                continue;
            }
            match OTHERS.iter().find(|(other, ..)| other == key) {
                Some((_, weight, reason)) => {
                    self.tell(shared, *weight, &format!("`{key}`: {reason}"));
                }
                None => {
                    self.tell(shared, Weight::Lost, &format!("`{key}` is not known here"));
                }
            }
        }
    }
}

/// Attestations, as tables or as `type=provenance,mode=max`.
fn attest(value: Option<&Value>) -> Vec<BTreeMap<String, String>> {
    let values = value.and_then(Value::as_array).into_iter().flatten();
    let read = |value: &Value| match value {
        Value::String(text) => {
            let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        }
        value => table(Some(value)),
    };
    values.map(read).collect()
}
