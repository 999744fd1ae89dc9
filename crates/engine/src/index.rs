//! The index of an image, and the indexes of single platforms that it is put together from.

use std::collections::BTreeMap;

use catalog::{ID_ANNOTATION, Id, METADATA_ANNOTATION, PART_ANNOTATION, Platform};
use serde::{Deserialize, Serialize};

/// What an index says of the image that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The image's full id.
    pub(crate) id: Id,
    /// The digest of its metadata; `None` if it has none.
    pub(crate) metadata: Option<String>,
}

/// BuildKit's annotation that names the manifest an attestation is about.
const ATTESTED: &str = "vnd.docker.reference.digest";

/// An index as BuildKit writes it. The fields are in BuildKit's order: an index that is put together has the bytes of
/// one that was pushed whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    schema_version: u8,
    media_type: String,
    manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<OfPlatform>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OfPlatform {
    architecture: String,
    os: String,
    #[serde(
        rename = "os.version",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    os_version: Option<String>,
    #[serde(rename = "os.features", default, skip_serializing_if = "Vec::is_empty")]
    os_features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
}

impl Descriptor {
    fn is_for(&self, platform: &Platform) -> bool {
        self.platform.as_ref().is_some_and(|of| {
            let variant = of.variant.as_deref().unwrap_or_default();
            Platform::new(&of.os, &of.architecture)
                .with_variant(variant)
                .normalized()
                == *platform
        })
    }
}

impl Index {
    /// Reads an index.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The index of one platform with its attestations, as a part of the image with this id; `None` if it has no such
    /// platform.
    pub(crate) fn part(&self, platform: &Platform, id: Id) -> Option<Self> {
        let manifest = self.manifests.iter().find(|one| one.is_for(platform))?;
        let is_of_it = |one: &&Descriptor| one.annotations.get(ATTESTED) == Some(&manifest.digest);
        let attestations = self.manifests.iter().filter(is_of_it);
        let manifests = std::iter::once(manifest).chain(attestations);
        Some(Self {
            manifests: manifests.cloned().collect(),
            annotations: noted(&self.annotations, PART_ANNOTATION, id),
            ..self.clone()
        })
    }

    /// Whether it is a part of the image with this mark, for this platform.
    pub(crate) fn is_part(&self, platform: &Platform, mark: &Mark) -> bool {
        self.annotations.get(PART_ANNOTATION) == Some(&mark.id.to_string())
            && self.annotations.get(METADATA_ANNOTATION) == mark.metadata.as_ref()
            && self
                .manifests
                .first()
                .is_some_and(|one| one.is_for(platform))
    }

    /// The index of the image with this id, from its parts in the order of their platforms; `None` without any. As in
    /// BuildKit's, attestations are behind all platforms.
    pub(crate) fn joined(parts: &[Self], id: Id) -> Option<Self> {
        let first = parts.first()?;
        let platforms = parts.iter().filter_map(|part| part.manifests.first());
        let attestations = parts.iter().flat_map(|part| part.manifests.iter().skip(1));
        Some(Self {
            manifests: platforms.chain(attestations).cloned().collect(),
            annotations: noted(&first.annotations, ID_ANNOTATION, id),
            ..first.clone()
        })
    }

    /// The digests of all manifests that it names.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &str> {
        self.manifests.iter().map(|one| one.digest.as_str())
    }

    /// Its media type.
    pub(crate) fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Its bytes, as Go's `encoding/json` writes them.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string_pretty(self).expect("an index is text and numbers");
        // Outside of texts there are none of these.
        let escaped = ['<', '>', '&', '\u{2028}', '\u{2029}']
            .into_iter()
            .fold(json, |json, character| {
                json.replace(character, &format!("\\u{:04x}", u32::from(character)))
            });
        escaped.into_bytes()
    }
}

/// Annotations with the id of the image under `key`, and under no other key of ours.
fn noted(annotations: &BTreeMap<String, String>, key: &str, id: Id) -> BTreeMap<String, String> {
    let mut noted = annotations.clone();
    noted.retain(|key, _| key != ID_ANNOTATION && key != PART_ANNOTATION);
    noted.insert(key.to_owned(), id.to_string());
    noted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As BuildKit wrote it, of two platforms with an attestation each.
    fn whole(id: Id) -> String {
        let manifest = |digit: char, size: u64, rest: &str| {
            format!(
                r#"    {{
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "digest": "sha256:{}",
      "size": {size},
{rest}
    }}"#,
                digit.to_string().repeat(64)
            )
        };
        let platform = |arch: &str| {
            format!(
                r#"      "platform": {{
        "architecture": "{arch}",
        "os": "linux"
      }}"#
            )
        };
        let attests = |digit: char| {
            format!(
                r#"      "annotations": {{
        "vnd.docker.reference.digest": "sha256:{}",
        "vnd.docker.reference.type": "attestation-manifest"
      }},
{}"#,
                digit.to_string().repeat(64),
                platform("unknown").replace("linux", "unknown")
            )
        };
        let manifests = [
            manifest('1', 10, &platform("amd64")),
            manifest('2', 20, &platform("arm64")),
            manifest('3', 30, &attests('1')),
            manifest('4', 40, &attests('2')),
        ];
        format!(
            r#"{{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [
{}
  ],
  "annotations": {{
    "a": "1 \u003c 2 \u0026 3",
    "dev.llbgen.id": "{id}"
  }}
}}"#,
            manifests.join(",\n")
        )
    }

    #[test]
    fn what_is_taken_apart_is_put_together_again() {
        let id: Id = "ab".repeat(32).parse().unwrap();
        let bytes = whole(id);
        let index = Index::from_bytes(bytes.as_bytes()).unwrap();
        let platforms: [Platform; 2] = ["linux/amd64", "linux/arm64"].map(|p| p.parse().unwrap());
        let parts = platforms.each_ref().map(|platform| {
            let part = index.part(platform, id).unwrap();
            Index::from_bytes(&part.to_bytes()).unwrap()
        });
        let mark = |id, metadata: Option<&str>| Mark {
            id,
            metadata: metadata.map(str::to_owned),
        };
        let is_part = |part: usize, platform: usize, mark: &Mark| {
            parts[part].is_part(&platforms[platform], mark)
        };
        let own = mark(id, None);
        assert!(is_part(0, 0, &own) && is_part(1, 1, &own) && !is_part(0, 1, &own));
        assert!(!is_part(
            0,
            0,
            &mark("cd".repeat(32).parse().unwrap(), None)
        ));
        assert!(!is_part(0, 0, &mark(id, Some("sha256:1"))));
        assert!(!index.is_part(&platforms[0], &own));
        assert_eq!(parts[1].manifests().count(), 2);
        let joined = Index::joined(&parts, id).unwrap().to_bytes();
        assert_eq!(String::from_utf8(joined).unwrap(), bytes);
        assert_eq!(index.part(&"linux/riscv64".parse().unwrap(), id), None);
        assert_eq!(Index::joined(&[], id), None);
    }
}
