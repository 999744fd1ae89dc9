//! Manifests and indexes as registries have them.

use buildkit_llb::{ContentDigest, Platform};
use oci_spec::image::{ImageIndex, ImageManifest, Platform as OciPlatform};
use serde::{Deserialize, de::IgnoredAny};

use crate::problem::RemoteProblem;

/// The document that a reference names: an index, or the manifest of one platform.
pub(crate) enum Manifest {
    Index(Box<ImageIndex>),
    Image(Box<ImageManifest>),
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
    index: ImageIndex,
}

impl RemoteIndex {
    pub(crate) fn new(digest: ContentDigest, index: ImageIndex) -> Self {
        Self { digest, index }
    }

    /// Its digest.
    pub fn digest(&self) -> &ContentDigest {
        &self.digest
    }

    /// The annotation `key`.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let annotations = self.index.annotations().as_ref()?;
        annotations.get(key).map(String::as_str)
    }

    /// The digest of its manifest for a platform; `None` without one.
    pub fn manifest(&self, platform: &Platform) -> Result<Option<ContentDigest>, RemoteProblem> {
        let mut entries = self.index.manifests().iter();
        let entry = entries.find(|entry| {
            let of_entry = entry.platform().as_ref().map(platform_of);
            of_entry.as_ref() == Some(platform)
        });
        let digest = entry.map(|entry| entry.digest().to_string().parse());
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
        let platforms = self.index.manifests().iter().filter_map(|entry| {
            let platform = platform_of(entry.platform().as_ref()?);
            // Attestations are manifests too, for no platform.
            (platform.os() != "unknown").then(|| platform.to_string())
        });
        platforms.collect()
    }
}

fn platform_of(found: &OciPlatform) -> Platform {
    Platform::new(found.os().to_string(), found.architecture().to_string())
        .with_variant(found.variant().clone().unwrap_or_default())
        .normalized()
}

/// Checks that a config is for this platform: in an image without an index, only the config names the platform.
pub(crate) fn require_platform(config: &[u8], platform: &Platform) -> Result<(), RemoteProblem> {
    #[derive(Deserialize)]
    struct Of {
        os: String,
        architecture: String,
        #[serde(default)]
        variant: String,
    }
    let of: Of = serde_json::from_slice(config).map_err(RemoteProblem::nonsense)?;
    let found = Platform::new(of.os, of.architecture)
        .with_variant(of.variant)
        .normalized();
    if found == *platform {
        Ok(())
    } else {
        Err(RemoteProblem::Platform {
            platform: platform.to_string(),
            available: vec![found.to_string()],
        })
    }
}
