//! Lists of texts as files and JSON have them: a text is itself, and a group is a table whose texts stand under the key
//! that the list has.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
    ser::SerializeMap,
};

use super::{ListedText, Texts};
use crate::{condition::Condition, template::Template};

/// The key of a list.
pub(crate) trait Key {
    /// The keys of a group, the list's own first.
    const KEYS: &'static [&'static str];
    /// The name in the schema.
    const NAME: &'static str;
    /// What an element is.
    const EXPECTING: &'static str;
}

macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident $name:literal;)*) => {
        $($(#[$doc])*
        pub(crate) struct $key;

        impl Key for $key {
            const KEYS: &'static [&'static str] = &[$name, "when", "unless"];
            const NAME: &'static str = stringify!($key);
            const EXPECTING: &'static str =
                concat!("text or a table `{ ", $name, " = […], when = … }`");
        })*
    };
}

keys! {
    /// `repository`
    Repositories "repository";
    /// `tags`
    Tags "tags";
    /// `platform-tags`
    PlatformTags "platform-tags";
}

/// A list of texts under the key `K`. A text may stand alone.
pub(crate) struct Keyed<K>(pub(crate) Vec<ListedText>, PhantomData<K>);

/// The list as JSON.
pub(crate) fn serialize<K: Key, S: Serializer>(
    list: &[ListedText],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(|listed| Written::<K>(listed, PhantomData)))
}

struct Written<'a, K>(&'a ListedText, PhantomData<K>);

impl<K: Key> Serialize for Written<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = match self.0 {
            ListedText::Text(text) => return text.serialize(serializer),
            ListedText::Group(group) => group,
        };
        let mut map = serializer.serialize_map(None)?;
        for (key, condition) in group.conditions() {
            map.serialize_entry(key, condition)?;
        }
        let texts = group.list.iter();
        let texts: Vec<_> = texts.map(|text| Self(text, PhantomData)).collect();
        map.serialize_entry(K::KEYS[0], &texts)?;
        map.end()
    }
}

impl<K> Default for Keyed<K> {
    fn default() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<'de, K: Key> Deserialize<'de> for Keyed<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList(PhantomData))
    }
}

struct TextOrList<K>(PhantomData<K>);

impl<'de, K: Key> Visitor<'de> for TextOrList<K> {
    type Value = Keyed<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, each element of which is {}", K::EXPECTING)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Keyed<K>, E> {
        let text = text.parse().map_err(Error::custom)?;
        Ok(Keyed(vec![ListedText::Text(text)], PhantomData))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Keyed<K>, A::Error> {
        let elements: Vec<Element<K>> =
            Deserialize::deserialize(SeqAccessDeserializer::new(elements))?;
        let texts = elements.into_iter().map(|element| element.0);
        Ok(Keyed(texts.collect(), PhantomData))
    }
}

struct Element<K>(ListedText, PhantomData<K>);

impl<'de, K: Key> Deserialize<'de> for Element<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let listed = deserializer.deserialize_any(TextOrGroup::<K>(PhantomData))?;
        Ok(Self(listed, PhantomData))
    }
}

struct TextOrGroup<K>(PhantomData<K>);

impl<'de, K: Key> Visitor<'de> for TextOrGroup<K> {
    type Value = ListedText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::EXPECTING)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ListedText, E> {
        text.parse().map(ListedText::Text).map_err(Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListedText, A::Error> {
        let mut group = Texts::default();
        let mut is_missing = true;
        while let Some(GroupKey(key, _)) = map.next_key::<GroupKey<K>>()? {
            match key {
                "when" => group.condition = Some(map.next_value()?),
                "unless" => group.unless = Some(map.next_value()?),
                _ => {
                    group.list = map.next_value::<Keyed<K>>()?.0;
                    is_missing = false;
                }
            }
        }
        if is_missing {
            return Err(Error::missing_field(K::KEYS[0]));
        }
        Ok(ListedText::Group(group))
    }
}

/// One of the keys of a group.
struct GroupKey<K>(&'static str, PhantomData<K>);

impl<'de, K: Key> Deserialize<'de> for GroupKey<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let mut keys = K::KEYS.iter();
        let key = keys.find(|key| **key == found);
        let key = key.ok_or_else(|| Error::unknown_field(&found, K::KEYS))?;
        Ok(Self(key, PhantomData))
    }
}

impl<K: Key> JsonSchema for Keyed<K> {
    fn schema_name() -> Cow<'static, str> {
        K::NAME.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<Template>();
        let condition = generator.subschema_for::<Condition>();
        let texts = generator.subschema_for::<Self>();
        json_schema!({
            "description": "Texts; those in a table are for the variants for which `when` holds and `unless` does not.",
            "anyOf": [
                text,
                {
                    "type": "array",
                    "items": {
                        "anyOf": [
                            text,
                            {
                                "type": "object",
                                "properties": {
                                    "when": condition,
                                    "unless": condition,
                                    (K::KEYS[0]): texts,
                                },
                                "required": [K::KEYS[0]],
                                "additionalProperties": false,
                            },
                        ],
                    },
                },
            ],
        })
    }
}
