//! The lock: the pins of references, downloads, git refs and package indexes, reviewed like `Cargo.lock`.

mod config;
mod error;
mod key;
mod merge;
mod namespace;
mod policy;
mod reference;
mod refresh;
mod text;

use std::collections::BTreeMap;

use buildkit_llb::{ContentDigest, ImageRef, Platform};
use serde::{Deserialize, Serialize};

use self::key::{Checksum, PlatformKey};
pub(crate) use self::refresh::shortened;
pub use self::{
    config::{BaseConfig, BaseConfigError, HistoryEntry},
    error::LockError,
    key::{Commit, Epoch, EpochError, GitSource, ImageKey},
    namespace::{CacheNamespace, CacheNamespaceError},
    policy::SourcePolicy,
    reference::{Pinned, Reference, Written},
    refresh::{Move, PinCount},
};

/// The name of the lock file in the context directory.
pub const LOCK_FILE: &str = "llbgen.lock";

/// The environment variable with the epoch of the lock, in every step that reaches the network. So "install the newest"
/// runs again when `llbgen update --packages` moves the epoch, and not before.
pub const PACKAGES_EPOCH: &str = "LLBGEN_PACKAGES_EPOCH";

/// The pins. Without a network and a daemon, the same lock gives the same graphs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: text::Version,
    #[serde(default, skip_serializing_if = "Packages::is_empty")]
    packages: Packages,
    #[serde(default, skip_serializing_if = "Caches::is_empty")]
    cache: Caches,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    image: BTreeMap<ImageKey, ImagePin>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    http: BTreeMap<String, HttpPin>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    git: BTreeMap<GitSource, GitPin>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packages {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
}

impl Packages {
    fn is_empty(&self) -> bool {
        self.epoch.is_none()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caches {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<CacheNamespace>,
}

impl Caches {
    fn is_empty(&self) -> bool {
        self.namespace.is_none()
    }
}

/// The pin of an image reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagePin {
    digest: Checksum,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    platform: BTreeMap<PlatformKey, BaseConfig>,
}

impl ImagePin {
    /// A pin with the digest of the reference in the registry (of the index, if there is one), and the config of the
    /// image for each platform.
    pub fn new(
        digest: ContentDigest,
        platforms: impl IntoIterator<Item = (Platform, BaseConfig)>,
    ) -> Self {
        Self {
            digest: Checksum(digest),
            platform: platforms
                .into_iter()
                .map(|(platform, config)| (PlatformKey(platform.normalized()), config))
                .collect(),
        }
    }

    /// The digest.
    pub fn digest(&self) -> &ContentDigest {
        &self.digest.0
    }

    /// The config for a platform; `None` if the lock was written before anything needed that platform.
    pub fn config(&self, platform: &Platform) -> Option<&BaseConfig> {
        self.platform.get(&PlatformKey(platform.normalized()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpPin {
    checksum: Checksum,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GitPin {
    commit: Commit,
}

impl Lock {
    /// The pin of an image.
    pub fn image(&self, image: &ImageRef) -> Option<&ImagePin> {
        self.image.get(&ImageKey::of(image))
    }

    /// The images with their pins, in the order of the file.
    pub fn images(&self) -> impl Iterator<Item = (&ImageKey, &ImagePin)> {
        self.image.iter()
    }

    /// The checksum of a download.
    pub fn http(&self, url: &str) -> Option<&ContentDigest> {
        Some(&self.http.get(url)?.checksum.0)
    }

    /// The commit of a git ref.
    pub fn git(&self, source: &GitSource) -> Option<&Commit> {
        Some(&self.git.get(source)?.commit)
    }

    /// The moment of the package indexes.
    pub fn epoch(&self) -> Option<Epoch> {
        self.packages.epoch
    }

    /// The prefix of the ids of cache mounts: a team and its CI share caches by it, and strangers do not.
    pub fn cache_namespace(&self) -> Option<&str> {
        self.cache.namespace.as_ref().map(CacheNamespace::as_str)
    }

    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests;
