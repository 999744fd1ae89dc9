//! Ids: one hash for everything that an artifact's bytes depend on, known before anything is built.

use std::{collections::BTreeMap, fmt, str::FromStr};

use buildkit_llb::Definition;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{compression::TarCompression, kind::Kind, variant::Variant};

/// The version of the rule for ids. It changes with the rule, so that ids of two rules never meet.
const FORMAT: &str = "llbgen id 1";

/// The version of the canonical tar; it changes if the same tree would give other bytes.
const TAR_FORMAT: u32 = 2;

/// The number of hex digits of a content tag.
pub(crate) const TAG_DIGITS: usize = 12;

/// The form in which a variant leaves the builder, as far as it changes bytes.
pub(crate) enum Format<'a> {
    /// As a tar, which has no config.
    Tar {
        compression: TarCompression,
        /// The latest time in it; later times are set back to this one.
        epoch: Option<i64>,
    },
    /// As an image.
    Image {
        /// The JSON of its config.
        config: &'a str,
        /// The settings of its export.
        export: BTreeMap<&'static str, String>,
    },
}

/// The identity of a variant: a sha256 over its graph with all pins of the lock, its image config, and the output
/// settings that change bytes. It is the same on every machine and needs no daemon and no network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id([u8; 32]);

impl Id {
    /// The first 12 hex digits, as an image tag or a part of a file name.
    pub fn content_tag(&self) -> String {
        let hex = self.to_string();
        hex[..TAG_DIGITS].to_owned()
    }

    /// Whether a tag has the form of a content tag, of whatever id.
    pub fn is_content_tag(tag: &str) -> bool {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        tag.len() == TAG_DIGITS && tag.bytes().all(is_digit)
    }

    /// The id of one variant.
    pub(crate) fn of_variant(
        kind: Kind,
        format: &Format<'_>,
        variant: &Variant,
        definition: &Definition,
    ) -> Self {
        let mut hash = Fields::new();
        hash.field("kind", kind.as_str());
        hash.field("platform", &variant.platform.to_string());
        if let (Some(head), Some(output)) = (definition.head(), definition.head_output()) {
            hash.field("graph", &format!("{head}:{output}"));
        }
        match format {
            Format::Tar { compression, epoch } => {
                hash.field("tar", &TAR_FORMAT.to_string());
                if let Some(epoch) = epoch {
                    hash.field("epoch", &epoch.to_string());
                }
                if *compression != TarCompression::Uncompressed {
                    hash.field("compression", &compression.to_string());
                }
            }
            Format::Image { config, export } => {
                hash.field("config", config);
                for (name, value) in export {
                    hash.field(name, value);
                }
            }
        }
        hash.finish()
    }

    /// The id of an image from the platform and id of each of its variants, in any order.
    pub(crate) fn of_platforms(mut parts: Vec<(String, Self)>) -> Self {
        parts.sort();
        let mut hash = Fields::new();
        for (platform, id) in parts {
            hash.field(&platform, &id.to_string());
        }
        hash.finish()
    }
}

/// A hash of named values. One value is never taken for two.
struct Fields(Sha256);

impl Fields {
    fn new() -> Self {
        let mut fields = Self(Sha256::new());
        fields.field("format", FORMAT);
        fields
    }

    fn field(&mut self, name: &str, value: &str) {
        self.0
            .update(format!("{}:{name}{}:{value}", name.len(), value.len()));
    }

    fn finish(self) -> Id {
        Id(self.0.finalize().into())
    }
}

/// 64 hex digits.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id: it must be 64 lower-case hex digits")]
pub struct IdError {
    /// The text.
    pub text: String,
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let malformed = || IdError {
            text: text.to_owned(),
        };
        let is_hex = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        if text.len() != 64 || !text.chars().all(is_hex) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let pair = &text[2 * index..2 * index + 2];
            *byte = u8::from_str_radix(pair, 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}
