//! Spanned TOML values, as serde reads them. Errors have the place of a value, and name the valid ones.

use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::StrDeserializer,
    },
    forward_to_deserialize_any,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    kind::{Tagged, Word, kind_of},
    wrong::{Wrong, unusable},
};

/// A value of the file.
#[derive(Clone)]
pub(super) struct Value<'a> {
    value: &'a Spanned<DeValue<'a>>,
    /// Its name in errors.
    name: String,
}

impl<'a> Value<'a> {
    /// A value with its name in errors.
    pub(super) fn of(value: &'a Spanned<DeValue<'a>>, name: &str) -> Self {
        let name = name.to_owned();
        Self { value, name }
    }

    /// A step, once its kind is known.
    pub(super) fn named(self, kind: &str) -> Self {
        let article = if kind.starts_with(['a', 'e', 'i', 'o']) {
            "an"
        } else {
            "a"
        };
        Self {
            name: format!("{article} `{kind}` step"),
            ..self
        }
    }

    /// The value read by `seed`. An error that comes only after the reading gets the place of this value, too.
    pub(super) fn read<'de, T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        let (span, name) = (self.value.span(), self.name.clone());
        seed.deserialize(self)
            .map_err(|wrong| wrong.within(&span, &name))
    }

    fn visit<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value.get_ref() {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Boolean(value) => visitor.visit_bool(*value),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => Err(unusable("a number", &visitor)),
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(unusable("a number", &visitor)),
            },
            DeValue::Datetime(_) => Err(unusable("a date or time", &visitor)),
            DeValue::Array(array) => visitor.visit_seq(Elements {
                elements: array.iter(),
                name: &self.name,
            }),
            DeValue::Table(table) => visitor.visit_map(Entries::of(table)),
        }
    }
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.visit(visitor)
            .map_err(|wrong| wrong.within(&self.value.span(), &self.name))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    /// One of `variants`: a word, or, for steps, a table with a key of that name. The table has the keys of the
    /// variant.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let (span, name) = (self.value.span(), self.name.clone());
        let read = match self.value.get_ref() {
            DeValue::String(text) => visitor.visit_enum(Word(text)),
            DeValue::Table(table) => match kind_of(table, variants) {
                Ok(kind) => visitor.visit_enum(Tagged {
                    kind,
                    kinds: variants,
                    value: self,
                }),
                Err(wrong) => Err(wrong),
            },
            _ => self.visit(visitor),
        };
        read.map_err(|wrong| wrong.within(&span, &name))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

pub(super) type Entry<'a> = (
    &'a Spanned<toml::de::DeString<'a>>,
    &'a Spanned<DeValue<'a>>,
);

/// The entries of a table in the order of the file.
pub(super) fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// A list.
struct Elements<'a> {
    elements: std::slice::Iter<'a, Spanned<DeValue<'a>>>,
    name: &'a str,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        let element = self.elements.next().map(|value| Value {
            value,
            name: self.name.to_owned(),
        });
        element.map(|value| value.read(seed)).transpose()
    }
}

/// A table.
struct Entries<'a> {
    entries: std::vec::IntoIter<Entry<'a>>,
    next: Option<Entry<'a>>,
}

impl<'a> Entries<'a> {
    fn of(table: &'a DeTable<'a>) -> Self {
        Self {
            entries: in_order(table).into_iter(),
            next: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        self.next = self.entries.next();
        let Some((key, _)) = self.next else {
            return Ok(None);
        };
        let text: StrDeserializer<'_, Wrong> = key.get_ref().as_ref().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|mut wrong| {
            wrong.span = Some(key.span());
            wrong
        })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Wrong> {
        let (key, value) = self.next.take().ok_or_else(|| {
            <Wrong as de::Error>::custom("serde asks for a value without having asked for its key")
        })?;
        let name = format!("`{}`", key.get_ref());
        Value { value, name }.read(seed)
    }
}
