//! The variables of a catalog, and which of its options are used.

use std::collections::BTreeSet;

use crate::{
    model::{Artifact, Catalog, Item, Value},
    scope::BUILT_IN,
    text::{OPEN_BRACE, Script},
};

/// Names that mean something in the texts of a catalog.
pub(super) struct Names {
    /// All variables.
    pub(super) all: BTreeSet<String>,
    /// Those that a text uses.
    pub(super) used: BTreeSet<String>,
    /// Whether a script has a brace that needs an option.
    pub(super) has_lone_brace: bool,
}

impl Names {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let mut used = BTreeSet::new();
        catalog.artifacts.iter().for_each(|artifact| {
            each(artifact, &mut |value| use_of(value, &mut used));
        });
        let options = catalog.options.iter();
        // The default of a later option may use an earlier one.
        for option in options.clone().rev() {
            if used.contains(&option.name) {
                option.default.catalog_names(&mut used);
            }
        }
        let options = options.map(|option| option.name.clone());
        let options = options.filter(|name| used.contains(name));
        let mut all: BTreeSet<String> = BUILT_IN.iter().map(ToString::to_string).collect();
        all.extend(options);
        all.extend(catalog.axes.iter().cloned());
        let mut has_lone_brace = false;
        for artifact in &catalog.artifacts {
            each(artifact, &mut |value| {
                let script = if let Value::Script(script) = value {
                    Some(script)
                } else {
                    None
                };
                has_lone_brace |= script.is_some_and(|script: &Script| script.has_lone(&all));
            });
        }
        if has_lone_brace {
            all.insert(OPEN_BRACE.to_owned());
        }
        Self {
            all,
            used,
            has_lone_brace,
        }
    }
}

/// Calls `see` with all values of an artifact.
fn each(artifact: &Artifact, see: &mut dyn FnMut(&Value)) {
    artifact
        .keys
        .iter()
        .for_each(|(_, value)| inner(value, see));
    for item in &artifact.steps {
        if let Item::Step(pairs) = item {
            for (_, value) in pairs {
                inner(value, see);
            }
        }
    }
}

fn inner(value: &Value, see: &mut dyn FnMut(&Value)) {
    see(value);
    match value {
        Value::List(values) => values.iter().for_each(|value| inner(value, see)),
        Value::Table(pairs) => pairs.iter().for_each(|(_, value)| inner(value, see)),
        Value::Text(_) | Value::Script(_) | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The names in a text: in braces that are not doubled.
fn use_of(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Script(script) => script.0.catalog_names(used),
        Value::Text(text) => {
            let text = text.replace("{{", "").replace("}}", "");
            let names = text.split('{').skip(1);
            let names = names.filter_map(|rest| rest.split_once('}'));
            used.extend(names.map(|(name, _)| name.to_owned()));
        }
        Value::List(_) | Value::Table(_) | Value::Bool(_) | Value::Number(_) => {}
    }
}
