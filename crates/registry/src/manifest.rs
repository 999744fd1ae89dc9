//! Manifests and indexes as registries have them.

use std::collections::BTreeMap;

use buildkit_llb::{ContentDigest, Platform};
use serde::{Deserialize, de::IgnoredAny};

use crate::problem::RemoteProblem;

/// The document that a reference names: an index, or the manifest of one platform.
pub(crate) enum Manifest {
    Index(Index),
    Image(ImageManifest),
}

/// An index, without what is not asked about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Index {
    manifests: Vec<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

/// The manifest of one platform, without what is not asked about.
#[derive(Deserialize)]
pub(crate) struct ImageManifest {
    pub(crate) config: Descriptor,
}

/// The descriptor of a manifest in an index, or of a config in a manifest.
///
/// The digest is parsed when it is used: an index may have manifests with digests that nobody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Descriptor {
    pub(crate) digest: String,
    pub(crate) size: u64,
    platform: Option<NamedPlatform>,
}

/// A platform as indexes and configs write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct NamedPlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl From<&NamedPlatform> for Platform {
    fn from(named: &NamedPlatform) -> Self {
        Self::new(named.os.as_str(), named.architecture.as_str())
            .with_variant(named.variant.as_deref().unwrap_or_default())
            .normalized()
    }
}

impl Manifest {
    /// Reads one; only indexes have a list of manifests.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, RemoteProblem> {
        #[derive(Deserialize)]
        struct Shape {
            manifests: Option<IgnoredAny>,
        }
        let shape: Shape = serde_json::from_slice(bytes).map_err(RemoteProblem::nonsense)?;
        let read = match shape.manifests {
            Some(_) => serde_json::from_slice(bytes).map(Self::Index),
            None => serde_json::from_slice(bytes).map(Self::Image),
        };
        read.map_err(RemoteProblem::nonsense)
    }
}

/// The index of an image, with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteIndex {
    digest: ContentDigest,
    index: Index,
}

impl RemoteIndex {
    pub(crate) fn new(digest: ContentDigest, index: Index) -> Self {
        Self { digest, index }
    }

    /// Its digest.
    pub fn digest(&self) -> &ContentDigest {
        &self.digest
    }

    /// The annotation `key`.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let annotations = self.index.annotations.as_ref()?;
        annotations.get(key).map(String::as_str)
    }

    /// The digest of its manifest for a platform; `None` without one.
    pub fn manifest(&self, platform: &Platform) -> Result<Option<ContentDigest>, RemoteProblem> {
        let mut entries = self.index.manifests.iter();
        let entry = entries.find(|entry| {
            let of_entry = entry.platform.as_ref().map(Platform::from);
            of_entry.as_ref() == Some(platform)
        });
        let digest = entry.map(|entry| entry.digest.parse());
        digest.transpose().map_err(RemoteProblem::nonsense)
    }

    /// The problem that it has nothing for a platform.
    pub fn lacks(&self, platform: &Platform) -> RemoteProblem {
        RemoteProblem::Platform {
            platform: platform.to_string(),
            available: self.available(),
        }
    }

    fn available(&self) -> Vec<String> {
        let platforms = self.index.manifests.iter().filter_map(|entry| {
            let platform = Platform::from(entry.platform.as_ref()?);
            // Attestations are manifests too, for no platform.
            (platform.os() != "unknown").then(|| platform.to_string())
        });
        platforms.collect()
    }
}

/// Checks that a config is for this platform: in an image without an index, only the config names the platform.
pub(crate) fn require_platform(config: &[u8], platform: &Platform) -> Result<(), RemoteProblem> {
    let named: NamedPlatform = serde_json::from_slice(config).map_err(RemoteProblem::nonsense)?;
    let found = Platform::from(&named);
    if found == *platform {
        Ok(())
    } else {
        Err(RemoteProblem::Platform {
            platform: platform.to_string(),
            available: vec![found.to_string()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_whatever_is_beside_what_is_asked_about() {
        let arm = format!("sha256:{}", "1".repeat(64));
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[
                {{"mediaType":"m","digest":"{arm}","size":1,"platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}},
                {{"mediaType":"m","digest":"blake3:x","size":1,"platform":{{"os":"plan9","architecture":"mips"}}}},
                {{"mediaType":"m","digest":"{arm}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}},
                {{"mediaType":"m","digest":"{arm}","size":1}}],"annotations":{{"a":"b"}}}}"#
        );
        let Manifest::Index(index) = Manifest::read(text.as_bytes()).unwrap() else {
            panic!("{text}");
        };
        let index = RemoteIndex::new(ContentDigest::of(text.as_bytes()), index);
        let manifest = |platform: &str| index.manifest(&platform.parse().unwrap());
        assert_eq!(manifest("linux/arm64").unwrap(), Some(arm.parse().unwrap()));
        assert_eq!(manifest("linux/amd64").unwrap(), None);
        assert!(manifest("plan9/mips").is_err());
        assert_eq!(
            (index.annotation("a"), index.annotation("b")),
            (Some("b"), None)
        );
        assert_eq!(
            index.lacks(&"linux/amd64".parse().unwrap()).to_string(),
            "it is not there for `linux/amd64`, only for `linux/arm64`, `plan9/mips`"
        );
    }
}
