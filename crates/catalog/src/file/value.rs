//! Spanned TOML values, as serde reads them: what is wrong is told with its place, and with what could stand there.

use std::{fmt, ops::Range};

use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Mistake;
use crate::nearest::nearest;

/// What is wrong, and where, once that is known.
#[derive(Debug)]
pub(super) struct Wrong {
    span: Option<Range<usize>>,
    mistake: Box<Mistake>,
}

impl Wrong {
    fn new(mistake: Mistake) -> Self {
        Self {
            span: None,
            mistake: Box::new(mistake),
        }
    }

    /// The place and the mistake; the place is `span` when no inner one is known.
    pub(super) fn or_at(self, span: Range<usize>) -> (Range<usize>, Box<Mistake>) {
        (self.span.unwrap_or(span), self.mistake)
    }

    /// The same within a value: it is about that value, unless something further in is meant already.
    fn within(mut self, span: &Range<usize>, name: &str) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        if let Mistake::UnknownKey { owner, .. }
        | Mistake::UnknownValue { owner, .. }
        | Mistake::MissingKey { owner, .. }
        | Mistake::Type { owner, .. } = &mut *self.mistake
            && owner.is_empty()
        {
            name.clone_into(owner);
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mistake)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        Self::new(Mistake::Value { message })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Mistake::Type {
            owner: String::new(),
            expected: in_toml(&expected.to_string()),
            found: found_in_toml(found),
        })
    }

    fn unknown_variant(value: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Mistake::UnknownValue {
            value: value.to_owned(),
            owner: String::new(),
            nearest: nearest(value, valid.iter().copied()).map(str::to_owned),
            valid: owned(valid),
        })
    }

    fn unknown_field(key: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Mistake::UnknownKey {
            key: key.to_owned(),
            owner: String::new(),
            nearest: nearest(key, valid.iter().copied()).map(str::to_owned),
            valid: owned(valid),
        })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Mistake::MissingKey {
            owner: String::new(),
            key: key.to_owned(),
        })
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What serde expects, in the words of TOML.
fn in_toml(expected: &str) -> String {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a string" => "text",
        "a boolean" => "`true` or `false`",
        other => other,
    }
    .to_owned()
}

fn found_in_toml(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// A value of the file.
#[derive(Clone)]
pub(super) struct Value<'a> {
    value: &'a Spanned<DeValue<'a>>,
    /// What an error calls it.
    name: String,
}

impl<'a> Value<'a> {
    /// The whole file.
    pub(super) fn root(value: &'a Spanned<DeValue<'a>>, file_name: &str) -> Self {
        let name = format!("`{file_name}`");
        Self { value, name }
    }

    /// A step, once its kind is known.
    fn named(self, kind: &str) -> Self {
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

    /// What `seed` makes of it. What is refused only after it was read is wrong here, too.
    fn read<'de, T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
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

fn unusable(what: &str, expected: &dyn Expected) -> Wrong {
    de::Error::invalid_type(Unexpected::Other(what), expected)
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

    /// One of `variants`: as text, or, of steps, a table with a key of that name. What is in the table is the variant's.
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

/// The first of `kinds` that is a key of `table`. Their order counts: `env` is a kind of step, and a key of `run` steps.
fn kind_of(table: &DeTable<'_>, kinds: &'static [&'static str]) -> Result<&'static str, Wrong> {
    if let Some(kind) = kinds.iter().find(|kind| table.contains_key(**kind)) {
        return Ok(kind);
    }
    let meant = in_order(table).into_iter().find_map(|(key, _)| {
        let kind = nearest(key.get_ref(), kinds.iter().copied())?;
        Some((key.span(), kind.to_owned()))
    });
    let (span, nearest) = meant.unzip();
    let valid = owned(kinds);
    Err(Wrong {
        span,
        mistake: Box::new(Mistake::NoKind { nearest, valid }),
    })
}

type Entry<'a> = (
    &'a Spanned<toml::de::DeString<'a>>,
    &'a Spanned<DeValue<'a>>,
);

/// The entries of a table as they stand in the file.
fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
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

/// A variant that is one word.
struct Word<'a>(&'a str);

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let word: StrDeserializer<'_, Wrong> = self.0.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Wrong> {
        let example = format!("a table, as `{{ {} = … }}`", self.0);
        Err(de::Error::invalid_type(
            Unexpected::Str(self.0),
            &example.as_str(),
        ))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        Err(unusable("one word", &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        Err(unusable("one word", &visitor))
    }
}

/// A variant that is a table, one of whose keys says which it is.
struct Tagged<'a> {
    kind: &'static str,
    kinds: &'static [&'static str],
    value: Value<'a>,
}

impl<'de> EnumAccess<'de> for Tagged<'_> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let kind: StrDeserializer<'_, Wrong> = self.kind.into_deserializer();
        Ok((seed.deserialize(kind)?, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        Err(unusable("a table", &"one word"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        let read = self.value.named(self.kind).read(seed);
        read.map_err(|mut wrong| {
            if let Mistake::UnknownKey { key, .. } = &*wrong.mistake
                && self.kinds.contains(&key.as_str())
            {
                let (first, second) = (self.kind.to_owned(), key.clone());
                *wrong.mistake = Mistake::TwoKinds { first, second };
            }
            wrong
        })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.value.visit(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.value.visit(visitor)
    }
}
