//! Targets as a bake file or a compose file describe them.

use std::collections::BTreeMap;

use crate::{
    convert::Shared,
    finding::Weight,
    import::ImportError,
    model::Value,
    original::{Original, Recipe},
    path::join,
    tags::{self, Tags},
    target::{NamedContext, Target},
    text::{Text, braces_doubled},
};

/// A target that is described outside its Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Described {
    pub(crate) name: String,
    /// Where it is described.
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) description: Option<String>,
    /// Its context, below the catalog's directory.
    pub(crate) context: String,
    /// Its Dockerfile, below the context.
    pub(crate) dockerfile: String,
    pub(crate) inline: Option<String>,
    pub(crate) args: BTreeMap<String, String>,
    pub(crate) contexts: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: Vec<String>,
    pub(crate) attest: Vec<BTreeMap<String, String>>,
    pub(crate) tags: Vec<String>,
    pub(crate) platforms: Vec<String>,
    pub(crate) stage: Option<String>,
}

/// Targets that are one artifact: one, or those of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) members: Vec<Described>,
    /// The axes, with their values.
    pub(crate) axes: Vec<(String, Vec<String>)>,
    /// The values of arguments in terms of the axes.
    pub(crate) args: BTreeMap<String, Text>,
    /// For each member, its value on each axis.
    pub(crate) combinations: Vec<Vec<String>>,
}

impl Family {
    pub(crate) fn target(&self, shared: &mut Shared<'_>) -> Result<Target, ImportError> {
        let first = &self.members[0];
        let file = join(&first.context, &first.dockerfile).unwrap_or_default();
        let text = match &first.inline {
            Some(text) => text.clone(),
            None => shared.files.read(&file).ok_or_else(|| {
                let reason = format!("the Dockerfile `{file}` of `{}` is not there", first.name);
                ImportError::new(&first.file, first.line, reason)
            })?,
        };
        let file = if first.inline.is_some() {
            format!("{} (inline)", first.file)
        } else {
            file
        };
        let contexts = first.contexts.iter();
        let contexts = contexts.map(|(name, value)| {
            let context = NamedContext::parse(value, "");
            (name.clone(), context)
        });
        Ok(Target {
            name: self.name.clone(),
            file,
            text,
            context: first.context.clone(),
            stage: first.stage.clone(),
            args: self.args.clone(),
            contexts: contexts.collect(),
            platforms: first.platforms.clone(),
            comments: Vec::new(),
            keys: self.keys(shared),
            labels: self.labels(shared),
            aliases: BTreeMap::new(),
            originals: self.originals(),
        })
    }

    fn originals(&self) -> Vec<Original> {
        let members = self.members.iter().zip(&self.combinations);
        let original = |(member, combination): (&Described, &Vec<String>)| {
            let axes = self.axes.iter().map(|(name, _)| name.clone());
            let file = join(&member.context, &member.dockerfile).unwrap_or_default();
            Original {
                name: member.name.clone(),
                artifact: self.name.clone(),
                axes: axes.zip(combination.iter().cloned()).collect(),
                dockerfile: match &member.inline {
                    Some(text) => Recipe::Inline(text.clone()),
                    None => Recipe::File(file),
                },
                has_frontend: false,
                context: member.context.clone(),
                stage: member.stage.clone(),
                args: member.args.clone(),
                contexts: member.contexts.clone(),
                labels: member.labels.clone(),
                options: Vec::new(),
            }
        };
        members.map(original).collect()
    }

    fn tell(&self, shared: &mut Shared<'_>, weight: Weight, reason: &str) {
        let first = &self.members[0];
        let reason = format!("`{}`: {reason}", self.name);
        shared.find(&first.file, first.line, weight, &reason);
    }

    fn keys(&self, shared: &mut Shared<'_>) -> Vec<(String, Value)> {
        let first = &self.members[0];
        let mut keys = Vec::new();
        let description = first.description.as_deref();
        let description = description.filter(|_| self.members.len() == 1);
        keys.extend(description.map(|text| ("description", Value::text(braces_doubled(text)))));
        if !self.axes.is_empty() {
            let pair = |(name, values): &(String, Vec<String>)| {
                (name.clone(), Value::list(values.iter().cloned()))
            };
            let axes = self.axes.iter().map(pair).collect();
            keys.push(("axes", Value::Table(axes)));
            keys.extend(self.exclude().map(|exclude| ("exclude", exclude)));
        }
        match Tags::of(self) {
            Some(Tags { repositories, tags }) if !repositories.is_empty() => {
                keys.push(("repository", Value::one_or_list(repositories)));
                keys.push(("tags", Value::List(tags)));
            }
            Some(_) => {}
            None => {
                let reason = "its tags are not the same in each of its repositories";
                self.tell(shared, Weight::Lost, reason);
            }
        }
        keys.extend(self.annotations(shared).map(|table| ("annotations", table)));
        keys.extend(self.attest().map(|list| ("attest", list)));
        let keys = keys.into_iter();
        keys.map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// The combinations that no member has.
    fn exclude(&self) -> Option<Value> {
        let mut missing = Vec::new();
        for combination in product(&self.axes) {
            if !self.combinations.contains(&combination) {
                missing.push(Value::Table(tags::condition(&self.axes, &combination)));
            }
        }
        match missing.len() {
            0 => None,
            1 => missing.pop(),
            _ => Some(Value::List(missing)),
        }
    }

    fn labels(&self, shared: &mut Shared<'_>) -> Vec<(String, Text)> {
        let mut labels = Vec::new();
        for name in self.members[0].labels.keys() {
            let texts = self
                .members
                .iter()
                .map(|member| member.labels.get(name).cloned());
            let texts: Vec<String> = texts.map(Option::unwrap_or_default).collect();
            if let Some(text) = tags::common(self, &texts) {
                labels.push((name.clone(), text));
            } else {
                let reason = format!("the label `{name}` has another value in each variant");
                self.tell(shared, Weight::Lost, &reason);
            }
        }
        labels
    }

    fn annotations(&self, shared: &mut Shared<'_>) -> Option<Value> {
        let mut table: Vec<(String, Value)> = Vec::new();
        for at in 0..self.members[0].annotations.len() {
            let texts = self
                .members
                .iter()
                .map(|member| member.annotations.get(at).cloned());
            let texts: Vec<String> = texts.map(Option::unwrap_or_default).collect();
            let Some(text) = tags::common(self, &texts) else {
                let reason = format!("the annotation `{}` is another in each variant", texts[0]);
                self.tell(shared, Weight::Lost, &reason);
                continue;
            };
            for (key, value) in annotation(&text.template()) {
                if let Some(key) = key {
                    table.push((key, Value::text(value)));
                    continue;
                }
                let reason = format!("the annotation `{}` is of a level without a key", texts[0]);
                self.tell(shared, Weight::Lost, &reason);
            }
        }
        (!table.is_empty()).then_some(Value::Table(table))
    }

    fn attest(&self) -> Option<Value> {
        let attest = &self.members[0].attest;
        let is_wanted = |attest: &&BTreeMap<String, String>| {
            attest
                .get("disabled")
                .is_none_or(|disabled| disabled == "false")
        };
        let table = |attest: &BTreeMap<String, String>| {
            let pairs = attest.iter().filter(|(key, _)| *key != "disabled");
            let (of_type, others): (Vec<_>, Vec<_>) = pairs.partition(|(key, _)| *key == "type");
            let pairs = of_type.into_iter().chain(others);
            let pair = |(key, value): (&String, &String)| {
                (key.clone(), Value::text(braces_doubled(value)))
            };
            Value::Table(pairs.map(pair).collect())
        };
        let list: Vec<Value> = attest.iter().filter(is_wanted).map(table).collect();
        (!list.is_empty()).then_some(Value::List(list))
    }
}

/// The keys of an annotation, for each level that it names; none for one that has no key here.
fn annotation(text: &str) -> Vec<(Option<String>, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let levels = [
        "manifest",
        "index",
        "manifest-descriptor",
        "index-descriptor",
    ];
    let is_level = |level: &str| {
        let plain = level.split('[').next().unwrap_or(level);
        levels.contains(&plain)
    };
    let (named, key) = match name.split_once(':') {
        Some((named, key)) if named.split(',').all(is_level) => (named, key),
        _ => ("manifest", name),
    };
    let of_level = |level: &str| match level {
        "manifest" => (Some(key.to_owned()), value.to_owned()),
        "index" => (Some(format!("index:{key}")), value.to_owned()),
        _ => (None, value.to_owned()),
    };
    named.split(',').map(of_level).collect()
}

/// All combinations of values.
pub(crate) fn product(axes: &[(String, Vec<String>)]) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for (_, values) in axes {
        let longer = all.iter().flat_map(|begin: &Vec<String>| {
            values.iter().map(|value| {
                let mut combination = begin.clone();
                combination.push(value.clone());
                combination
            })
        });
        all = longer.collect();
    }
    all
}
