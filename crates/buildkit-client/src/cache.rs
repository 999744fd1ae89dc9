//! Caches that a solve reads from and writes to.

use std::collections::BTreeMap;

use crate::rpc::TypeAndAttrs;

/// A cache, in the terms of `buildctl --import-cache` and `--export-cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl CacheEntry {
    /// A cache with the attributes of `buildctl`.
    pub fn new(kind: CacheKind, attrs: BTreeMap<String, String>) -> Self {
        Self { kind, attrs }
    }

    pub(crate) fn into_wire(self) -> TypeAndAttrs {
        TypeAndAttrs {
            kind: self.kind.name().into(),
            attrs: self.attrs,
        }
    }
}

impl CacheKind {
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
