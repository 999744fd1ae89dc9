//! Conditions: the variants that something is meant for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        self, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use crate::{
    either::OneOrSeveral,
    git::GitValues,
    nearest::nearest,
    template::{GitUse, TemplateError, Variables},
    words::{did_you_mean, listed},
};

/// For every variable (`arch`, an axis, an option …) or field (`image.part`) the values that count; all must hold. `*`
/// stands for any text, `?` for any character.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "BTreeMap<String, ValuesOrFields>")]
pub(crate) struct Values(BTreeMap<String, OneOrSeveral<String>>);

/// The values of a variable, or those of its fields: `{ image.part = "go" }` is a table in a table.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum ValuesOrFields {
    /// The values of the variable.
    Values(OneOrSeveral<String>),
    /// The values of each field.
    Fields(BTreeMap<String, OneOrSeveral<String>>),
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read: BTreeMap<String, ValuesOrFields> = Deserialize::deserialize(deserializer)?;
        let mut values = BTreeMap::new();
        for (name, found) in read {
            match found {
                ValuesOrFields::Values(found) => _ = values.insert(name, found),
                ValuesOrFields::Fields(fields) => {
                    let fields = fields.into_iter();
                    values.extend(fields.map(|(field, found)| (format!("{name}.{field}"), found)));
                }
            }
        }
        Ok(Self(values))
    }
}

impl<'de> Deserialize<'de> for ValuesOrFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextListOrTable)
    }
}

struct TextListOrTable;

impl<'de> Visitor<'de> for TextListOrTable {
    type Value = ValuesOrFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list of values, or a table of fields and their values")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<ValuesOrFields, E> {
        let one = OneOrSeveral::One(value.to_owned());
        Ok(ValuesOrFields::Values(one))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<ValuesOrFields, A::Error> {
        let several = Deserialize::deserialize(SeqAccessDeserializer::new(values))?;
        Ok(ValuesOrFields::Values(OneOrSeveral::Several(several)))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ValuesOrFields, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(fields)).map(ValuesOrFields::Fields)
    }
}

/// A table of variables and the values that count, all of which hold, or a list of such tables, one of which holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Condition {
    /// All hold.
    All(Values),
    /// One holds.
    Any(Vec<Values>),
}

/// The conditions that are there, with their keys.
pub(crate) fn conditions<'a>(
    when: Option<&'a Condition>,
    unless: Option<&'a Condition>,
) -> impl Iterator<Item = (&'static str, &'a Condition)> {
    let when = when.into_iter().map(|condition| ("when", condition));
    when.chain(unless.into_iter().map(|condition| ("unless", condition)))
}

/// Whether `when` holds and `unless` does not.
pub(crate) fn hold<'a>(
    conditions: impl IntoIterator<Item = (&'static str, &'a Condition)>,
    variables: &Variables,
) -> Result<bool, TemplateError> {
    for (key, condition) in conditions {
        if condition.holds(key, variables)? != (key == "when") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The values that a variable can have; `None` for any.
pub(crate) type Domains = BTreeMap<String, Option<BTreeSet<String>>>;

/// A value in a condition that no variant can have.
pub(crate) struct Impossible {
    /// The message.
    pub(crate) text: String,
    /// The word in the file.
    pub(crate) written: String,
}

impl Condition {
    /// The variable `name` is `value`.
    pub(crate) fn equals(name: &str, value: &str) -> Self {
        let value = OneOrSeveral::One(value.to_owned());
        Self::All(Values([(name.to_owned(), value)].into()))
    }

    /// All of these variables have these values.
    pub(crate) fn all<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = values.into_iter().map(|(name, value)| {
            let value = OneOrSeveral::One(value.to_owned());
            (name.to_owned(), value)
        });
        Self::All(Values(values.collect()))
    }

    /// This condition or the other holds.
    pub(crate) fn or(self, other: Self) -> Self {
        let tables = [self, other]
            .into_iter()
            .flat_map(|condition| match condition {
                Self::All(values) => vec![values],
                Self::Any(tables) => tables,
            });
        Self::Any(tables.collect())
    }

    fn tables(&self) -> &[Values] {
        match self {
            Self::All(values) => std::slice::from_ref(values),
            Self::Any(tables) => tables,
        }
    }

    /// The variables in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables()
            .iter()
            .flat_map(|values| values.0.keys().map(String::as_str))
    }

    /// Whether it holds for a variant with these variables; `key` is its name in errors.
    pub(crate) fn holds(&self, key: &str, variables: &Variables) -> Result<bool, TemplateError> {
        self.check(key, variables)?;
        let holds = |(name, values): (&String, &OneOrSeveral<String>)| {
            match variables.git() {
                GitUse::Any if GitValues::NAMES.contains(&name.as_str()) => return key == "when",
                GitUse::Unconditional if GitValues::NAMES.contains(&name.as_str()) => {
                    return key != "when";
                }
                _ => {}
            }
            // A field that the row of the value does not have never matches.
            let actual = variables.get(name);
            actual.is_some_and(|actual| values.iter().any(|pattern| matches(pattern, actual)))
        };
        Ok(self
            .tables()
            .iter()
            .any(|values| values.0.iter().all(holds)))
    }

    /// Refuses variables that do not exist.
    pub(crate) fn check(&self, key: &str, variables: &Variables) -> Result<(), TemplateError> {
        let may_be_git = variables.git() != GitUse::Refused;
        let is_known = |name: &str| {
            variables.contains_key(name)
                || variables.is_field(name)
                || may_be_git && GitValues::NAMES.contains(&name)
        };
        match self.names().find(|name| !is_known(name)) {
            None => Ok(()),
            Some(name) => {
                let written = format!("{key}.{name}");
                Err(TemplateError::unknown(&written, name, variables))
            }
        }
    }

    /// The values in it that no variant can have.
    pub(crate) fn impossible(&self, key: &str, domains: &Domains) -> Vec<Impossible> {
        let mut found = Vec::new();
        if self.tables().iter().all(|values| values.0.is_empty()) {
            found.push(Impossible {
                text: format!("`{key}` names no variable"),
                written: key.to_owned(),
            });
        }
        let each = self.tables().iter().flat_map(|values| &values.0);
        for (name, values) in each {
            if values.iter().next().is_none() {
                found.push(Impossible {
                    text: format!("`{key}.{name}` has no value, so that it never holds"),
                    written: name.clone(),
                });
            }
            let (with_braces, words): (Vec<&String>, Vec<&String>) =
                values.iter().partition(|value| value.contains(['{', '}']));
            found.extend(with_braces.into_iter().map(|value| Impossible {
                text: format!(
                    "`{key}.{name} = \"{value}\"` is taken as it is written, and no placeholder can stand there"
                ),
                written: value.clone(),
            }));
            let Some(Some(domain)) = domains.get(name) else {
                continue;
            };
            let is_impossible =
                |pattern: &&String| !domain.iter().any(|value| matches(pattern, value));
            for value in words.into_iter().filter(is_impossible) {
                let nearest = nearest(value, domain.iter().map(String::as_str));
                found.push(Impossible {
                    text: format!(
                        "`{key}.{name} = \"{value}\"` can never be: {}{}",
                        listed(domain),
                        did_you_mean(nearest)
                    ),
                    written: value.clone(),
                });
            }
        }
        found
    }
}

/// Whether `pattern` stands for `value`: `*` for any text, `/` in it or not, and `?` for any character.
pub(crate) fn matches(pattern: &str, value: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => value.is_empty(),
        Some('*') => {
            let ends = value.char_indices().map(|(at, _)| at).chain([value.len()]);
            ends.into_iter()
                .any(|at| matches(pattern_rest.as_str(), &value[at..]))
        }
        Some(sign) => {
            let mut value_rest = value.chars();
            let first = value_rest.next();
            first.is_some_and(|c| sign == '?' || sign == c)
                && matches(pattern_rest.as_str(), value_rest.as_str())
        }
    }
}

/// As a title has it: `l10n=zh_CN arch=amd64|arm64`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = |values: &Values| {
            let values: Vec<String> = values
                .0
                .iter()
                .map(|(name, values)| {
                    let values: Vec<&str> = values.iter().map(String::as_str).collect();
                    format!("{name}={}", values.join("|"))
                })
                .collect();
            values.join(" ")
        };
        let tables: Vec<String> = self.tables().iter().map(table).collect();
        f.write_str(&tables.join(" or "))
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TableOrTables)
    }
}

struct TableOrTables;

impl<'de> Visitor<'de> for TableOrTables {
    type Value = Condition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of variables and their values, or a list of such tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Condition, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Condition::All)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, tables: A) -> Result<Condition, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(tables)).map(Condition::Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_values() {
        let check = |pattern: &str, value: &str, expected: bool| {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        };
        check("near", "near", true);
        check("near", "nears", false);
        check("n*", "near", true);
        check("*", "", true);
        check("*/amd64", "linux/amd64", true);
        check("lang/*", "lang/go/1.23", true);
        check("*.2?", "go1.23", true);
        check("?", "", false);
        check("[ab]", "a", false);
        check("ä?", "äö", true);
    }
}
