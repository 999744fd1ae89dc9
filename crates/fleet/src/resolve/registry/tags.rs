//! Tags of a registry.

use oci_client::{RegistryOperation, manifest::OciImageIndex};

use super::{Registry, ResolveProblem, index_of, nonsense, problem};

/// What an image is pushed as: an index, or the manifest of one platform.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

impl Registry {
    /// The index that the repository has under a digest.
    pub(crate) async fn index_at(
        &self,
        digest: &str,
    ) -> Result<(OciImageIndex, String), ResolveProblem> {
        let reference = self.reference.clone_with_digest(digest.to_owned());
        index_of(self.manifest(&reference).await?)
    }

    /// What the tag of the reference names.
    pub(crate) async fn tagged(&self) -> Result<String, ResolveProblem> {
        let asked = self
            .client
            .fetch_manifest_digest(&self.reference, &self.auth);
        asked.await.map_err(|error| problem(&error))
    }

    /// Has the tag of the reference name the manifest with this digest, which the repository has: the same bytes are put
    /// under the tag.
    pub(crate) async fn tag(&self, digest: &str) -> Result<(), ResolveProblem> {
        let client = &self.client;
        let source = self.reference.clone_with_digest(digest.to_owned());
        let operation = RegistryOperation::Push;
        let login = client.auth(&self.reference, &self.auth, operation).await;
        login.map_err(|error| problem(&error))?;
        let pulled = client.pull_manifest_raw(&source, &self.auth, &MEDIA_TYPES);
        let (bytes, found) = pulled.await.map_err(|error| problem(&error))?;
        if found != digest {
            return Err(nonsense(format!(
                "`{digest}` was asked for, and it is `{found}`"
            )));
        }
        let manifest: Typed = serde_json::from_slice(&bytes).map_err(nonsense)?;
        let media_type = manifest.media_type.parse().map_err(nonsense)?;
        let put = client.push_manifest_raw(&self.reference, bytes, media_type);
        put.await.map(drop).map_err(|error| problem(&error))
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: String,
}
