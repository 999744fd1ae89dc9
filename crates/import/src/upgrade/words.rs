//! The names of a file, and what they are called today.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use super::keys;

/// The variables that every artifact has.
const BUILT_IN: [&str; 5] = ["arch", "artifact", "os", "platform", "variant"];

/// The artifacts and the variables of a file.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) artifacts: BTreeSet<String>,
    /// The names of axes and options of today by those of the file. A dot starts a field today.
    variables: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn of(root: &DeTable<'_>) -> Self {
        let mut variables = BTreeMap::new();
        for (_, artifact) in keys::artifacts(root) {
            for table in ["axes", "options"] {
                let names = keys::table(artifact, table).into_iter().flatten();
                let names = names.map(|(name, _)| name.get_ref().to_string());
                variables.extend(names.map(|name| (name.clone(), name)));
            }
        }
        let taken: BTreeSet<String> = variables.keys().cloned().collect();
        for (old, new) in variables.iter_mut().filter(|(old, _)| old.contains('.')) {
            *new = old.replace('.', "_");
            while taken.contains(new) {
                new.push('_');
            }
        }
        let artifacts = keys::artifacts(root).map(|(name, _)| name.to_owned());
        Self {
            artifacts: artifacts.collect(),
            variables,
        }
    }

    /// The name of a variable today, if it has another one.
    pub(super) fn renamed(&self, name: &str) -> Option<&str> {
        let new = self.variables.get(name)?;
        (new != name).then_some(new)
    }

    /// Whether a variable has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        BUILT_IN.contains(&name) || self.variables.contains_key(name)
    }
}
