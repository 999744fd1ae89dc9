//! Options: variables with one value, which `--set` gives. They belong to the catalog: an artifact has those that it
//! uses.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    either::text_or_table,
    name::VariableName,
    place::Place,
    template::{Template, Variables},
};

/// The values that an option may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(with = "TextOrTable")]
pub struct OptionValues {
    /// The value when `--set` gives none; a template, of other options.
    pub default: Template,
    /// The valid values; any value when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl OptionValues {
    /// Whether `value` is a valid value.
    pub(crate) fn takes(&self, value: &str) -> bool {
        self.values.is_empty() || self.values.iter().any(|valid| valid == value)
    }
}

/// An option as a file has it.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "Option")]
#[expect(dead_code, reason = "it says what the schema has")]
enum TextOrTable {
    /// The value when `--set` gives none; any other can be set.
    Text(Template),
    /// That value, and those that can be set.
    Table(OptionTable),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OptionTable {
    /// The value when `--set` gives none; other options may stand in it.
    default: Template,
    /// The valid values; any value when empty.
    #[serde(default)]
    values: Vec<String>,
}

impl From<OptionTable> for OptionValues {
    fn from(OptionTable { default, values }: OptionTable) -> Self {
        Self { default, values }
    }
}

impl<'de> Deserialize<'de> for OptionValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "a value, or a table, as `{ default = VALUE, values = [VALUE, …] }`";
        let any = |default: &str| {
            let values = Vec::new();
            default.parse().map(|default| Self { default, values })
        };
        text_or_table::<_, _, _, OptionTable>(deserializer, expecting, any)
    }
}

/// An option, and its place if a file declares it.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredOption {
    pub(crate) name: VariableName,
    pub(crate) option: OptionValues,
    pub(crate) place: Option<Place>,
}

/// The value of each of `options`: the `chosen` one, or its default, filled in with the others.
pub(crate) fn settled(
    options: &BTreeMap<VariableName, OptionValues>,
    chosen: BTreeMap<VariableName, String>,
) -> BTreeMap<VariableName, String> {
    let mut values = chosen;
    loop {
        let known: Variables = values
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect();
        let found: Vec<(VariableName, String)> = options
            .iter()
            .filter(|(name, _)| !values.contains_key(*name))
            .filter_map(|(name, option)| Some((name.clone(), option.default.expand(&known).ok()?)))
            .collect();
        if found.is_empty() {
            break;
        }
        values.extend(found);
    }
    // The check refuses defaults that cannot be filled in.
    for (name, option) in options {
        let unsettled = || option.default.to_string();
        values.entry(name.clone()).or_insert_with(unsettled);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_what_is_chosen() {
        let option = |name: &str, default: &str| {
            let option = OptionValues {
                default: default.parse().unwrap(),
                values: Vec::new(),
            };
            (name.parse().unwrap(), option)
        };
        let options = BTreeMap::from([
            option("a", "{b}-{c}"),
            option("b", "{c|slug}"),
            option("c", "C_1"),
        ]);
        let check = |chosen: &[(&str, &str)], expected: [&str; 3]| {
            let chosen = chosen
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), (*value).to_owned()));
            let found: Vec<String> = settled(&options, chosen.collect()).into_values().collect();
            assert_eq!(found, expected);
        };
        check(&[], ["c-1-C_1", "c-1", "C_1"]);
        check(&[("c", "2")], ["2-2", "2", "2"]);
        check(&[("b", "{c}")], ["{c}-C_1", "{c}", "C_1"]);
    }
}
