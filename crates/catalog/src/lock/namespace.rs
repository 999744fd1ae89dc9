//! The namespace of caches.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{hex::hex, name::ArtifactName};

/// The prefix of the ids of cache mounts: at most 64 letters, digits, `-`, `_` and `.`. It is no secret: it keeps
/// caches apart, but keeps nobody out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CacheNamespace(String);

/// A text that is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no namespace of caches: it must have 1 to {MAX} letters, digits, `-`, `_` and `.`"
)]
pub struct CacheNamespaceError {
    text: String,
}

const MAX: usize = 64;

impl CacheNamespace {
    /// The number of hex digits in a namespace that llbgen makes.
    pub const DIGITS: usize = 16;

    /// The namespace of a catalog with these artifacts, if the lock has none.
    pub(crate) fn of_artifacts<'a>(names: impl IntoIterator<Item = &'a ArtifactName>) -> String {
        let mut hash = Sha256::new();
        for name in names {
            hash.update(format!("{name}\n"));
        }
        let mut digits = hex(&hash.finalize());
        digits.truncate(Self::DIGITS);
        digits
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CacheNamespace {
    type Err = CacheNamespaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.len() > MAX || !text.chars().all(is_allowed) {
            let text = text.to_owned();
            return Err(CacheNamespaceError { text });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for CacheNamespace {
    type Error = CacheNamespaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CacheNamespace> for String {
    fn from(namespace: CacheNamespace) -> Self {
        namespace.0
    }
}

impl fmt::Display for CacheNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
