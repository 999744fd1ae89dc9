//! Rows of fields for the values of variables: `[values.jdk.25]` says what `{jdk.full}` is while `jdk` is 25.

use std::collections::{BTreeMap, BTreeSet};

use super::{Template, Text, Variables};
use crate::{name::VariableName, place::Place};

/// The rows of all variables that have some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ValueTables(BTreeMap<VariableName, Vec<Row>>);

/// The fields of one value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) value: String,
    pub(crate) fields: BTreeMap<VariableName, Template>,
    /// The place of the row, if a file declares it.
    pub(crate) place: Option<Place>,
}

impl ValueTables {
    /// Adds fields to the row of `value`; the fields that the row has twice.
    pub(crate) fn add(
        &mut self,
        name: VariableName,
        value: &str,
        fields: BTreeMap<VariableName, Template>,
        place: Option<Place>,
    ) -> Vec<VariableName> {
        let rows = self.0.entry(name).or_default();
        let Some(row) = rows.iter_mut().find(|row| row.value == value) else {
            rows.push(Row {
                value: value.to_owned(),
                fields,
                place,
            });
            return Vec::new();
        };
        let twice = fields.keys().filter(|name| row.fields.contains_key(*name));
        let twice = twice.cloned().collect();
        row.fields.extend(fields);
        twice
    }

    /// The rows of a variable, in the order of their declaration.
    pub(crate) fn rows(&self, name: &str) -> &[Row] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// All rows, each with its variable.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&VariableName, &Row)> {
        let tables = self.0.iter();
        tables.flat_map(|(name, rows)| rows.iter().map(move |row| (name, row)))
    }

    /// Whether a row of some value of `name` has this field.
    pub(crate) fn has_field(&self, name: &str, field: &str) -> bool {
        let mut rows = self.rows(name).iter();
        rows.any(|row| row.fields.contains_key(field))
    }

    /// The fields that the rows of `name` have.
    pub(crate) fn fields(&self, name: &str) -> BTreeSet<&str> {
        let rows = self.rows(name).iter();
        rows.flat_map(|row| row.fields.keys().map(VariableName::as_str))
            .collect()
    }

    /// The variables that the fields of `name` use.
    pub(crate) fn names_in(&self, name: &str) -> BTreeSet<&str> {
        let fields = self.rows(name).iter().flat_map(|row| row.fields.values());
        fields.flat_map(Text::names).collect()
    }

    /// The fields of `values`, by their names in texts (`jdk.full`). Fields may use variables, and fields of others; one
    /// whose text uses what has no value here has none either.
    pub(crate) fn filled(
        &self,
        values: &BTreeMap<String, String>,
        known: &Variables,
    ) -> BTreeMap<String, String> {
        let mut filled = BTreeMap::new();
        let mut open: Vec<(String, &Template)> = Vec::new();
        for (name, value) in values {
            let row = self.rows(name).iter().find(|row| row.value == *value);
            let fields = row.into_iter().flat_map(|row| &row.fields);
            open.extend(fields.map(|(field, text)| (format!("{name}.{field}"), text)));
        }
        let mut known = known.clone();
        loop {
            let before = open.len();
            open.retain(|(name, text)| match text.expand(&known) {
                Ok(value) => {
                    known.set(name, &value);
                    filled.insert(name.clone(), value);
                    false
                }
                Err(_) => true,
            });
            if open.is_empty() || open.len() == before {
                return filled;
            }
        }
    }
}
