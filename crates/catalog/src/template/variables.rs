//! The variables of one variant, with the fields of their values; in a part, its parameters besides.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Index,
    sync::Arc,
};

use super::ValueTables;
use crate::git::GitValues;

/// The values that texts are filled in with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// The variables of the artifact and their fields.
    own: BTreeMap<String, String>,
    /// The parameters of the part that a text stands in, and their fields. They hide variables of the same name.
    parameters: BTreeMap<String, String>,
    tables: Arc<ValueTables>,
    /// Whether git's variables may stand here, and what conditions on them are.
    git: GitUse,
}

/// The use of git's variables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GitUse {
    /// They are no variables.
    #[default]
    Refused,
    /// They have the values that git gives.
    Known,
    /// They can have any value: texts under conditions on them are looked at.
    Any,
    /// They can have any value: texts under conditions on them are left out.
    Unconditional,
}

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Variables whose values have the fields of `tables`.
    pub(crate) fn with_tables(values: BTreeMap<String, String>, tables: &Arc<ValueTables>) -> Self {
        let mut variables = Self {
            own: values,
            tables: Arc::clone(tables),
            ..Self::default()
        };
        let fields = tables.filled(&variables.own, &variables);
        variables.own.extend(fields);
        variables
    }

    /// The value of a variable, parameter or field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.text(name).map(String::as_str)
    }

    fn text(&self, name: &str) -> Option<&String> {
        let scope = if self.is_parameter(variable_of(name)) {
            &self.parameters
        } else {
            &self.own
        };
        scope.get(name)
    }

    /// Whether it has a value.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All names that have values.
    pub fn names(&self) -> BTreeSet<&str> {
        let own = self.own.keys().map(String::as_str);
        let own = own.filter(|name| !self.is_parameter(variable_of(name)));
        own.chain(self.parameters.keys().map(String::as_str))
            .collect()
    }

    /// The same variables with those of git.
    pub(crate) fn with_git(mut self, git: &GitValues) -> Self {
        for (name, value) in git.values() {
            if let Some(value) = value {
                self.own.insert(name.to_owned(), value.to_owned());
            }
        }
        self.git = GitUse::Known;
        self
    }

    /// The same variables with any values of git's.
    pub(crate) fn with_any_git(self, git: GitUse) -> Self {
        let any = |name: &str| Some(name.to_owned());
        let variables = self.with_git(&GitValues {
            commit: any("0000000"),
            tag: any("git-tag"),
            branch: any("git-branch"),
        });
        Self { git, ..variables }
    }

    /// The same variables with `{git.tag}` for the tag, and so on.
    pub(crate) fn with_placeholders_of_git(self) -> Self {
        let placeholder = |name: &str| Some(format!("{{git.{name}}}"));
        let variables = self.with_git(&GitValues {
            commit: placeholder("commit"),
            tag: placeholder("tag"),
            branch: placeholder("branch"),
        });
        Self {
            git: GitUse::Any,
            ..variables
        }
    }

    /// The use of git's variables.
    pub(crate) fn git(&self) -> GitUse {
        self.git
    }

    /// The rows of the values of variables.
    pub(crate) fn tables(&self) -> &ValueTables {
        &self.tables
    }

    /// Whether `name` is a field that the value of its variable could have.
    pub(crate) fn is_field(&self, name: &str) -> bool {
        name.split_once('.').is_some_and(|(variable, field)| {
            self.contains_key(variable) && self.tables.has_field(variable, field)
        })
    }

    /// Gives one name a value, without its fields.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let scope = if self.is_parameter(variable_of(name)) {
            &mut self.parameters
        } else {
            &mut self.own
        };
        scope.insert(name.to_owned(), value.to_owned());
    }

    /// The same variables without those that `is_left_out`.
    pub(crate) fn without(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        let own = self.own.iter().filter(|(name, _)| !name.contains('.'));
        let own = own.filter(|(name, _)| !is_left_out(name));
        let own = own.map(|(name, value)| (name.clone(), value.clone()));
        let variables = Self::with_tables(own.collect(), &self.tables);
        Self {
            parameters: self.parameters.clone(),
            ..variables
        }
    }

    /// The same variables with a value for one of the artifact's.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let own = self.own.iter().filter(|(name, _)| !name.contains('.'));
        let own = own.map(|(name, value)| (name.clone(), value.clone()));
        let own = own.chain([(name.to_owned(), value.to_owned())]);
        let variables = Self::with_tables(own.collect(), &self.tables);
        Self {
            parameters: self.parameters.clone(),
            ..variables
        }
    }

    /// The variables of a part: those of the artifact, and these parameters. The parameters of the part that uses it are
    /// not seen.
    pub(crate) fn in_part(&self, parameters: BTreeMap<String, String>) -> Self {
        let mut variables = Self {
            parameters,
            ..self.clone()
        };
        let fields = self.tables.filled(&variables.parameters, &variables);
        variables.parameters.extend(fields);
        variables
    }

    /// All values of the artifact's variables and their fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.own.iter();
        own.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn is_parameter(&self, variable: &str) -> bool {
        self.parameters.contains_key(variable)
    }
}

/// The variable of a name: itself, or the part before the dot of a field.
pub(crate) fn variable_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(variable, _)| variable)
}

/// # Panics
/// If the name has no value.
impl Index<&str> for Variables {
    type Output = String;

    fn index(&self, name: &str) -> &String {
        match self.text(name) {
            Some(value) => value,
            None => panic!("`{name}` has no value"),
        }
    }
}

impl<const N: usize> From<[(String, String); N]> for Variables {
    fn from(values: [(String, String); N]) -> Self {
        values.into_iter().collect()
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self {
            own: values.into_iter().collect(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    /// The rows `25` and `17` of `jdk`.
    fn tables() -> Arc<ValueTables> {
        let mut tables = ValueTables::default();
        let mut add = |value: &str, field: &str, text: &str| {
            let fields = BTreeMap::from([(field.parse().unwrap(), text.parse().unwrap())]);
            tables.add("jdk".parse().unwrap(), value, fields, None)
        };
        add("25", "full", "{jdk}.0.4");
        add("25", "url", "https://{jdk.full}/{arch}");
        add("17", "full", "17.0.15");
        assert_eq!(add("17", "full", "again"), ["full".parse().unwrap()]);
        Arc::new(tables)
    }

    #[test]
    fn values_have_fields_and_parameters_hide() {
        let values = [("jdk", "25"), ("arch", "amd64")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let variables = Variables::with_tables(values.into(), &tables());
        let fill = |variables: &Variables, text: &str| {
            let text: Template = text.parse().unwrap();
            text.expand(variables).map_err(|error| error.to_string())
        };
        assert_eq!(
            fill(&variables, "{jdk.url}").unwrap(),
            "https://25.0.4/amd64"
        );
        let other = variables.with("jdk", "17");
        assert!(other.is_field("jdk.url") && !other.contains_key("jdk.url"));
        assert!(!other.is_field("jdk.urls"));
        let hiding = variables.in_part([("jdk".to_owned(), "17".to_owned())].into());
        assert_eq!(fill(&hiding, "{jdk} {arch}").unwrap(), "17 amd64");
        assert!(fill(&hiding, "{jdk.url}").unwrap_err().contains("no `url`"));
        assert_eq!(
            fill(&hiding.in_part(BTreeMap::new()), "{jdk}").unwrap(),
            "25"
        );
    }
}
