//! The result of a build: file systems with their image configs, or an answer.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tonic::Status;

use super::{GatewayError, Reference, wire};
use crate::export::attr::{BASE_CONFIG, IMAGE_CONFIG, INDEX, MANIFEST, PLATFORMS, annotation};

/// The result of a build.
#[derive(Debug)]
pub enum BuildResult {
    /// No file system.
    Nothing,
    /// The file system of one platform.
    One(Box<ResultPart>),
    /// File systems by platform: an image exporter makes an index of them, even of a single one.
    Platforms(Vec<ResultPart>),
    /// File systems by names that no exporter reads, for a cache of all of them.
    Named(BTreeMap<String, Option<Reference>>),
    /// An answer to a subrequest, as bytes by name: `result.json`, `result.txt`, `version`.
    Answer(BTreeMap<String, Vec<u8>>),
}

/// The part of a result for one platform.
#[derive(Debug, Clone)]
pub struct ResultPart {
    /// The operating system.
    pub os: String,
    /// The architecture.
    pub architecture: String,
    /// The architecture's variant; empty for none.
    pub variant: String,
    /// The file system; `None` is an empty one.
    pub reference: Option<Reference>,
    /// The JSON of the image's config.
    pub image_config: String,
    /// The JSON of the config of its base image.
    pub base_config: Option<String>,
    /// Annotations of the manifest, by key.
    pub annotations: BTreeMap<String, String>,
    /// Annotations of the index, which is one for all parts, by key. Without an index, they are left out.
    pub index_annotations: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Platforms {
    #[serde(rename = "Platforms")]
    platforms: Vec<PlatformEntry>,
}

#[derive(Serialize)]
struct PlatformEntry {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Platform")]
    platform: PlatformFields,
}

#[derive(Serialize)]
struct PlatformFields {
    architecture: String,
    os: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    variant: String,
}

impl ResultPart {
    fn id(&self) -> String {
        let parts = [&self.os, &self.architecture, &self.variant];
        let parts: Vec<&str> = parts
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("/")
    }
}

impl BuildResult {
    pub(super) fn into_wire(self) -> Result<wire::ReturnRequest, GatewayError> {
        Ok(match self {
            Self::Nothing => wire::returned(None, HashMap::new()),
            Self::Answer(answer) => wire::returned(None, answer.into_iter().collect()),
            Self::One(part) => {
                let metadata = metadata(std::slice::from_ref(&*part), false)?;
                wire::returned(part.reference.map(|found| wire::one(found.0)), metadata)
            }
            Self::Named(references) => {
                let metadata = [(PLATFORMS.to_owned(), names(references.keys())?)];
                let refs = references.into_iter().map(|(name, reference)| {
                    (name, reference.map(|found| found.0).unwrap_or_default())
                });
                let refs = wire::by_platform(refs.collect());
                wire::returned(Some(refs), metadata.into())
            }
            Self::Platforms(parts) => {
                let metadata = metadata(&parts, true)?;
                let refs = parts.into_iter().map(|part| {
                    let reference = part.reference.clone().map(|found| found.0);
                    (part.id(), reference.unwrap_or_default())
                });
                wire::returned(Some(wire::by_platform(refs.collect())), metadata)
            }
        })
    }
}

fn metadata(
    parts: &[ResultPart],
    is_index: bool,
) -> Result<HashMap<String, Vec<u8>>, GatewayError> {
    let mut metadata = HashMap::new();
    let key = |name: &str, part: &ResultPart| {
        if is_index {
            format!("{name}/{}", part.id())
        } else {
            name.to_owned()
        }
    };
    for part in parts {
        let config = part.image_config.clone().into_bytes();
        metadata.insert(key(IMAGE_CONFIG, part), config);
        if let Some(base) = &part.base_config {
            metadata.insert(key(BASE_CONFIG, part), base.clone().into_bytes());
        }
        let platform = is_index.then(|| part.id());
        for (name, value) in &part.annotations {
            let key = annotation(MANIFEST, platform.as_deref(), name);
            metadata.insert(key, value.clone().into_bytes());
        }
        for (name, value) in part.index_annotations.iter().filter(|_| is_index) {
            metadata.insert(annotation(INDEX, None, name), value.clone().into_bytes());
        }
    }
    let platforms = written(parts.iter().map(entry).collect())?;
    metadata.insert(PLATFORMS.to_owned(), platforms);
    Ok(metadata)
}

/// Names in the place of platforms: without a list of them, the daemon refuses a result of several file systems.
fn names<'a>(names: impl Iterator<Item = &'a String>) -> Result<Vec<u8>, GatewayError> {
    let entry = |name: &String| PlatformEntry {
        id: name.clone(),
        platform: PlatformFields {
            architecture: "unknown".to_owned(),
            os: "unknown".to_owned(),
            variant: String::new(),
        },
    };
    written(names.map(entry).collect())
}

fn written(platforms: Vec<PlatformEntry>) -> Result<Vec<u8>, GatewayError> {
    serde_json::to_vec(&Platforms { platforms })
        .map_err(|error| Status::internal(format!("platforms cannot be written: {error}")).into())
}

fn entry(part: &ResultPart) -> PlatformEntry {
    PlatformEntry {
        id: part.id(),
        platform: PlatformFields {
            architecture: part.architecture.clone(),
            os: part.os.clone(),
            variant: part.variant.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_those_of_the_manifest_of_a_part_and_of_the_index() {
        let annotations = |key: &str| BTreeMap::from([(key.to_owned(), "v".to_owned())]);
        let part = |architecture: &str| ResultPart {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: String::new(),
            reference: None,
            image_config: "{}".to_owned(),
            base_config: None,
            annotations: annotations("a"),
            index_annotations: annotations("i"),
        };
        let check = |parts: &[ResultPart], is_index: bool, expected: &[&str]| {
            let metadata = metadata(parts, is_index).unwrap();
            let found = metadata.keys().filter(|key| key.starts_with("annotation"));
            let mut found: Vec<&str> = found.map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, expected);
        };
        let both = [part("amd64"), part("arm64")];
        let of_both = [
            "annotation-index.i",
            "annotation-manifest[linux/amd64].a",
            "annotation-manifest[linux/arm64].a",
        ];
        check(&both, true, &of_both);
        check(&both[..1], false, &["annotation-manifest.a"]);
    }
}
