//! Values that may be written in two ways.

use std::{fmt, marker::PhantomData};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

/// Reads a value that is text, or a table that `Table` describes; `expecting` says both.
pub(crate) fn text_or_table<'de, D, T, Table>(
    deserializer: D,
    expecting: &'static str,
    of_text: fn(&str) -> Result<T, String>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    Table: Deserialize<'de>,
    T: TryFrom<Table, Error: fmt::Display>,
{
    deserializer.deserialize_any(TextOrTable {
        expecting,
        of_text,
        table: PhantomData::<Table>,
    })
}

struct TextOrTable<T, Table> {
    expecting: &'static str,
    of_text: fn(&str) -> Result<T, String>,
    table: PhantomData<Table>,
}

impl<'de, T, Table> Visitor<'de> for TextOrTable<T, Table>
where
    Table: Deserialize<'de>,
    T: TryFrom<Table, Error: fmt::Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.of_text)(text).map_err(Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        T::try_from(table).map_err(Error::custom)
    }
}

/// A text, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl<'de> Deserialize<'de> for OneOrSeveral {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList)
    }
}

struct TextOrList;

impl<'de> Visitor<'de> for TextOrList {
    type Value = OneOrSeveral;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<OneOrSeveral, E> {
        Ok(OneOrSeveral::One(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<OneOrSeveral, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(values)).map(OneOrSeveral::Several)
    }
}
