//! The layers that came out of a daemon, and whether they have the compression that was asked for.
//!
//! A daemon that has a layer in one compression keeps it so unless it is forced to another.

use std::collections::BTreeMap;

use buildkit_client::CancellationToken;
use catalog::Compression;
use registry::RegistryAccess;
use serde::Deserialize;

use crate::{
    index::Index,
    names::TaggedName,
    resolve::{ResolveError, named, remote},
    tagging,
};

/// The annotation of an eStargz layer with the digest of its table of contents.
const TABLE: &str = "containerd.io/snapshot/stargz/toc.digest";

/// A layer of an image, as its manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Layer {
    media_type: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

impl Layer {
    /// Whether it is a layer of files, and not an attestation.
    fn is_of_files(&self) -> bool {
        self.media_type.contains(".layer.") || self.media_type.contains(".rootfs.diff.")
    }

    /// Whether it has this compression; eStargz is gzip, too.
    fn is(&self, name: &str) -> bool {
        let has_table = (self.annotations.as_ref()).is_some_and(|all| all.contains_key(TABLE));
        match name {
            "uncompressed" => self.media_type.rsplit('.').next() == Some("tar"),
            "estargz" => has_table && self.media_type.ends_with("gzip"),
            name => self.media_type.ends_with(name),
        }
    }
}

/// The layers of a manifest; none if the JSON is of something else.
pub(super) fn of_manifest(json: &[u8]) -> Vec<Layer> {
    let manifest = serde_json::from_slice(json).map(|manifest: Manifest| manifest.layers);
    let layers = manifest.unwrap_or_default().into_iter();
    layers.filter(Layer::is_of_files).collect()
}

/// The layers of the image that a repository has under a digest.
pub(super) async fn pushed(
    name: &TaggedName,
    digest: &str,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Vec<Layer>, ResolveError> {
    let asking = async {
        let image = remote(name, access).await?;
        let bytes = image.bytes_at(&tagging::pushed(digest)?).await?;
        let Ok(index) = Index::from_bytes(&bytes) else {
            return Ok(of_manifest(&bytes));
        };
        let mut layers = Vec::new();
        for manifest in index.manifests() {
            let manifest = tagging::pushed(manifest)?;
            layers.extend(of_manifest(&image.bytes_at(&manifest).await?));
        }
        Ok(layers)
    };
    named(name, asking, cancelled).await
}

/// The warning about layers that have another compression than was asked for.
pub(super) fn warning(wanted: Compression, layers: &[Layer]) -> Option<String> {
    let others: Vec<&Layer> = layers.iter().filter(|one| !one.is(wanted.name())).collect();
    let media_type = &others.first()?.media_type;
    Some(format!(
        "{} of {} layers are not `{}`: the daemon had them in another compression (`{media_type}`), and keeps it; \
         `--force-compression` compresses them again",
        others.len(),
        layers.len(),
        wanted.name()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_another_compression_are_found_by_their_media_types() {
        let manifest = serde_json::json!({"layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar"},
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"},
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "annotations": {TABLE: "sha256:1"}},
            {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "annotations": null},
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+zstd"},
            {"mediaType": "application/vnd.in-toto+json"},
        ]});
        let layers = of_manifest(manifest.to_string().as_bytes());
        assert_eq!(layers.len(), 5);
        let check = |name: &str, others: usize| {
            let wanted = name.parse().unwrap();
            let said = warning(wanted, &layers).unwrap();
            assert!(said.starts_with(&format!("{others} of 5 layers")), "{said}");
            assert!(said.contains("--force-compression"), "{said}");
            let right: Vec<Layer> = layers.iter().filter(|one| one.is(name)).cloned().collect();
            assert_eq!(warning(wanted, &right), None);
        };
        check("uncompressed", 4);
        check("gzip", 2);
        check("estargz", 4);
        check("zstd", 4);
        assert_eq!(of_manifest(b"{}"), []);
    }
}
