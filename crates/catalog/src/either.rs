//! Values that may be written in two ways.

use std::{fmt, marker::PhantomData};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

/// Reads a value that is text, or a table that `Table` describes; `expecting` says both.
pub(crate) fn text_or_table<'de, D, T, E, Table>(
    deserializer: D,
    expecting: &'static str,
    of_text: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
    Table: Deserialize<'de>,
    T: TryFrom<Table, Error: fmt::Display>,
{
    deserializer.deserialize_any(TextOrTable {
        expecting,
        of_text,
        table: PhantomData::<Table>,
    })
}

struct TextOrTable<T, E, Table> {
    expecting: &'static str,
    of_text: fn(&str) -> Result<T, E>,
    table: PhantomData<Table>,
}

impl<'de, T, E, Table> Visitor<'de> for TextOrTable<T, E, Table>
where
    E: fmt::Display,
    Table: Deserialize<'de>,
    T: TryFrom<Table, Error: fmt::Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<Wrong: Error>(self, text: &str) -> Result<T, Wrong> {
        (self.of_text)(text).map_err(Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        T::try_from(table).map_err(Error::custom)
    }
}

/// A value, or a list of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrSeveral<T> {
    One(T),
    Several(Vec<T>),
}

impl<T> OneOrSeveral<T> {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::Several(values) => values.iter(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrSeveral<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList(PhantomData))
    }
}

struct TextOrList<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOrList<T> {
    type Value = OneOrSeveral<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<OneOrSeveral<T>, E> {
        T::deserialize(value.into_deserializer()).map(OneOrSeveral::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<OneOrSeveral<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(values)).map(OneOrSeveral::Several)
    }
}
