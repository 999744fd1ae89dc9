//! The JSON of a layout: its header, its indexes and manifests, and the platforms in configs.

use std::collections::BTreeMap;

use buildkit_client::BlobDigest;
use catalog::Platform;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::error::LayoutProblem;

/// The annotations that name an image in `index.json`: OCI's, and containerd's.
const NAMES: [&str; 2] = [
    "org.opencontainers.image.ref.name",
    "io.containerd.image.name",
];

/// The file `oci-layout`.
#[derive(Deserialize)]
pub(super) struct Header {
    #[serde(rename = "imageLayoutVersion")]
    version: String,
}

impl Header {
    pub(super) fn check(self) -> Result<(), LayoutProblem> {
        if self.version.starts_with("1.") {
            Ok(())
        } else {
            Err(LayoutProblem::Version {
                found: self.version,
            })
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Index {
    pub(super) manifests: Vec<Descriptor>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Descriptor {
    #[serde(deserialize_with = "digest")]
    pub(super) digest: BlobDigest,
    pub(super) size: u64,
    #[serde(default)]
    pub(super) platform: Option<PlatformJson>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PlatformJson {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

impl PlatformJson {
    /// `None` if it is no image.
    pub(super) fn platform(&self) -> Option<Platform> {
        let is_known = |name: &str| !name.is_empty() && name != "unknown";
        (is_known(&self.os) && is_known(&self.architecture)).then(|| {
            Platform::new(&self.os, &self.architecture)
                .with_variant(self.variant.as_deref().unwrap_or_default())
                .normalized()
        })
    }
}

/// The document at the beginning of an image.
pub(super) enum Document {
    Index(Index),
    Manifest {
        config: Descriptor,
        layers: Vec<Descriptor>,
    },
}

/// Fields of both: nothing else tells them apart for sure.
#[derive(Deserialize)]
struct Either {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

impl Index {
    /// The size that the index declares for an image, if the image is in it.
    pub(super) fn size(&self, digest: &BlobDigest) -> Option<u64> {
        let entry = self.manifests.iter().find(|entry| entry.digest == *digest);
        entry.map(|entry| entry.size)
    }

    /// The names of its images, in order.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = self
            .manifests
            .iter()
            .flat_map(|entry| NAMES.iter().filter_map(|name| entry.annotation(name)))
            .map(str::to_owned)
            .collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// The digests of its images.
    pub(super) fn digests(&self) -> Vec<String> {
        let digests = self.manifests.iter().map(|entry| entry.digest.to_string());
        digests.collect()
    }
}

impl Descriptor {
    pub(super) fn is_called(&self, tag: &str) -> bool {
        NAMES.iter().any(|name| self.annotation(name) == Some(tag))
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

pub(super) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, LayoutProblem> {
    serde_json::from_slice(bytes).map_err(|source| LayoutProblem::Json {
        name: name.to_owned(),
        source,
    })
}

/// An index or a manifest; what is both is neither.
pub(super) fn of_image(digest: &BlobDigest, bytes: &[u8]) -> Result<Document, LayoutProblem> {
    let either: Either = parse(digest.as_str(), bytes)?;
    match (either.manifests, either.config, either.layers) {
        (Some(manifests), None, None) => Ok(Document::Index(Index { manifests })),
        (None, Some(config), layers) => Ok(Document::Manifest {
            config,
            layers: layers.unwrap_or_default(),
        }),
        _ => Err(LayoutProblem::NotAnImage {
            digest: digest.clone(),
        }),
    }
}

/// The platform of an image without an index.
pub(super) fn platform_of_config(
    digest: &BlobDigest,
    config: &[u8],
) -> Result<Platform, LayoutProblem> {
    let platform: PlatformJson = parse(digest.as_str(), config)?;
    platform
        .platform()
        .ok_or_else(|| LayoutProblem::NoPlatform {
            digest: digest.clone(),
        })
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BlobDigest, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
