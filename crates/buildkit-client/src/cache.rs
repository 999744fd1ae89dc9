//! Caches that a solve reads from and writes to.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{CacheImport, rpc::TypeAndAttrs};

/// A cache, in the terms of `buildctl --import-cache` and `--export-cache`.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheEntry {
    kind: CacheKind,
    attrs: BTreeMap<String, String>,
}

/// The place of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheKind {
    /// In a registry, under the attribute `ref`.
    Registry,
    /// In the image that is exported.
    Inline,
    /// In an S3 bucket.
    S3,
    /// In Azure's blob storage.
    Azblob,
    /// In GitHub's cache service.
    Gha,
}

/// A text that names no cache.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheEntryError {
    /// A field without `=`.
    #[error("`{0}` is no `KEY=VALUE`: write a cache as `type=registry,ref=REF,mode=max`")]
    Field(String),
    /// No type.
    #[error("the cache has no `type`: write `type=registry,ref=REF`")]
    NoType,
    /// A type that buildctl has and that cannot be had here.
    #[error("caches of the type `local` are not taken: {}", one_of())]
    Local,
    /// A type that nobody has.
    #[error("there is no cache of the type `{name}`: {}", one_of())]
    Type {
        /// The type.
        name: String,
    },
    /// A cache in a registry without its reference. What the other types need, the daemon's environment may have.
    #[error("a cache of the type `registry` needs `ref`")]
    NoRef,
    /// A mode that is none.
    #[error("a cache has no `mode={0}`: it is `min` or `max`")]
    Mode(String),
}

fn one_of() -> String {
    let names = CacheKind::ALL.map(|kind| format!("`{}`", kind.name()));
    format!("it is one of {}", names.join(", "))
}

impl CacheEntry {
    /// A cache with the attributes of `buildctl`.
    pub fn new(kind: CacheKind, attrs: BTreeMap<String, String>) -> Self {
        Self { kind, attrs }
    }

    /// Its place.
    pub fn kind(&self) -> CacheKind {
        self.kind
    }

    /// The value of an attribute.
    pub fn attr(&self, key: &str) -> Option<&str> {
        self.attrs.get(key).map(String::as_str)
    }

    /// The same with an attribute, unless it has that already.
    pub fn with_default(mut self, key: &str, value: impl Into<String>) -> Self {
        self.attrs
            .entry(key.to_owned())
            .or_insert_with(|| value.into());
        self
    }

    /// The same as a cache for graphs that are solved through the gateway.
    pub fn to_import(&self) -> CacheImport {
        CacheImport {
            kind: self.kind.name().to_owned(),
            attrs: self.attrs.clone().into_iter().collect(),
        }
    }

    pub(crate) fn into_wire(self) -> TypeAndAttrs {
        TypeAndAttrs {
            kind: self.kind.name().into(),
            attrs: self.attrs,
        }
    }
}

/// A cache as buildctl spells it: `type=registry,ref=REF,mode=max`. A text without `=` is the `ref` of a registry.
impl FromStr for CacheEntry {
    type Err = CacheEntryError;

    fn from_str(text: &str) -> Result<Self, CacheEntryError> {
        if !text.contains('=') && !text.is_empty() {
            let attrs = [("ref".to_owned(), text.to_owned())];
            return Ok(Self::new(CacheKind::Registry, attrs.into()));
        }
        let mut attrs = BTreeMap::new();
        for field in text.split(',') {
            let (key, value) = field
                .split_once('=')
                .ok_or_else(|| CacheEntryError::Field(field.to_owned()))?;
            attrs.insert(key.to_lowercase(), value.to_owned());
        }
        let kind = attrs.remove("type").ok_or(CacheEntryError::NoType)?;
        let kind: CacheKind = kind.parse()?;
        if kind == CacheKind::Registry && !attrs.contains_key("ref") {
            return Err(CacheEntryError::NoRef);
        }
        match attrs.get("mode").map(String::as_str) {
            None | Some("min" | "max") => Ok(Self::new(kind, attrs)),
            Some(mode) => Err(CacheEntryError::Mode(mode.to_owned())),
        }
    }
}

/// Without attributes that may be secrets.
impl fmt::Debug for CacheEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheEntry")
            .field("kind", &self.kind)
            .field("ref", &self.attr("ref"))
            .finish_non_exhaustive()
    }
}

/// The name for messages: the reference, or the type and the name.
impl fmt::Display for CacheEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = ["ref", "name", "scope"];
        match named.iter().find_map(|key| self.attr(key)) {
            Some(name) if self.kind == CacheKind::Registry => f.write_str(name),
            Some(name) => write!(f, "{} {name}", self.kind.name()),
            None => f.write_str(self.kind.name()),
        }
    }
}

impl CacheKind {
    /// All places.
    pub const ALL: [Self; 5] = [
        Self::Registry,
        Self::Inline,
        Self::S3,
        Self::Azblob,
        Self::Gha,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Inline => "inline",
            Self::S3 => "s3",
            Self::Azblob => "azblob",
            Self::Gha => "gha",
        }
    }
}

impl FromStr for CacheKind {
    type Err = CacheEntryError;

    fn from_str(text: &str) -> Result<Self, CacheEntryError> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| match text {
            "local" => CacheEntryError::Local,
            name => CacheEntryError::Type {
                name: name.to_owned(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_are_spelt_as_in_buildctl() {
        let check = |text: &str, kind, attrs: &[(&str, &str)]| {
            let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            let attrs = attrs.iter().map(own).collect();
            assert_eq!(text.parse(), Ok(CacheEntry::new(kind, attrs)), "{text}");
        };
        check(
            "r.example/c:1",
            CacheKind::Registry,
            &[("ref", "r.example/c:1")],
        );
        check(
            "type=registry,ref=r.example/c,Mode=max",
            CacheKind::Registry,
            &[("mode", "max"), ("ref", "r.example/c")],
        );
        check("type=inline", CacheKind::Inline, &[]);
        check(
            "type=s3,bucket=b,region=r",
            CacheKind::S3,
            &[("bucket", "b"), ("region", "r")],
        );
        check("type=gha,scope=x", CacheKind::Gha, &[("scope", "x")]);
    }

    #[test]
    fn what_is_no_cache_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<CacheEntry>().unwrap_err().to_string();
            assert_eq!(error, expected, "{text}");
        };
        let kinds = "it is one of `registry`, `inline`, `s3`, `azblob`, `gha`";
        check(
            "",
            "`` is no `KEY=VALUE`: write a cache as `type=registry,ref=REF,mode=max`",
        );
        check(
            "ref=x",
            "the cache has no `type`: write `type=registry,ref=REF`",
        );
        check(
            "type=registry",
            "a cache of the type `registry` needs `ref`",
        );
        check(
            "type=disk",
            &format!("there is no cache of the type `disk`: {kinds}"),
        );
        check(
            "type=local,dest=x",
            &format!("caches of the type `local` are not taken: {kinds}"),
        );
        check(
            "type=registry,ref=x,mode=all",
            "a cache has no `mode=all`: it is `min` or `max`",
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        let text = "type=s3,bucket=b,region=r,name=n,secret_access_key=hidden";
        let cache: CacheEntry = text.parse().unwrap();
        assert_eq!(cache.to_string(), "s3 n");
        assert!(!format!("{cache:?}").contains("hidden"));
    }
}
