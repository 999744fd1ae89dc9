//! One of several kinds: a word, or a table with a key that names the kind.

use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor,
        value::StrDeserializer,
    },
};
use toml::de::DeTable;

use super::{
    Mistake,
    value::{Value, in_order},
    wrong::{Wrong, owned, unusable},
};
use crate::nearest::nearest;

/// A variant that is one word.
pub(super) struct Word<'a>(pub(super) &'a str);

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

/// A variant that is a table. One of its keys says which variant.
pub(super) struct Tagged<'a> {
    pub(super) kind: &'static str,
    pub(super) kinds: &'static [&'static str],
    pub(super) value: Value<'a>,
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
        self.value.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.value.deserialize_any(visitor)
    }
}

/// The first of `kinds` that is a key of `table`. Their order counts: `env` is a kind of step, and also a key of `run`
/// steps.
pub(super) fn kind_of(
    table: &DeTable<'_>,
    kinds: &'static [&'static str],
) -> Result<&'static str, Wrong> {
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
