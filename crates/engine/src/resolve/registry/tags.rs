//! Tags of a registry.

use oci_client::manifest::OciImageIndex;
use reqwest::Method;

use super::{Question, Registry, ResolveProblem, index_of, manifest, nonsense};
use crate::resolve::found;

impl Registry {
    /// The index that the repository has under a digest.
    pub(crate) async fn index_at(
        &self,
        digest: &str,
    ) -> Result<(OciImageIndex, String), ResolveProblem> {
        index_of(self.manifest(digest).await?)
    }

    /// What the tag of the reference names.
    pub(crate) async fn tagged(&self) -> Result<String, ResolveProblem> {
        self.digest(&self.reference).await
    }

    /// What the tag of the reference names, byte for byte, and its digest.
    pub(crate) async fn manifest_bytes(&self) -> Result<(Vec<u8>, String), ResolveProblem> {
        self.bytes(&self.reference).await
    }

    /// What the repository has under a digest, byte for byte.
    pub(crate) async fn manifest_bytes_at(&self, digest: &str) -> Result<Vec<u8>, ResolveProblem> {
        Ok(self.bytes(digest).await?.0)
    }

    /// Has the tag of the reference name the manifest with this digest, which the repository has: the same bytes are put
    /// under the tag.
    pub(crate) async fn tag(&self, digest: &str) -> Result<(), ResolveProblem> {
        if self.names(digest).await? {
            return Ok(());
        }
        let bytes = self.manifest_bytes_at(digest).await?;
        let manifest: Typed = serde_json::from_slice(&bytes).map_err(nonsense)?;
        self.move_to(bytes, &manifest.media_type).await
    }

    /// Has the tag of the reference name a manifest that need not be there yet.
    pub(crate) async fn put(
        &self,
        bytes: Vec<u8>,
        media_type: &str,
        digest: &str,
    ) -> Result<(), ResolveProblem> {
        if self.names(digest).await? {
            return Ok(());
        }
        self.move_to(bytes, media_type).await
    }

    /// Whether the tag names this digest already. It is left alone then: registries with immutable tags refuse to be told
    /// again.
    async fn names(&self, digest: &str) -> Result<bool, ResolveProblem> {
        Ok(found(self.tagged().await)?.as_deref() == Some(digest))
    }

    async fn move_to(&self, bytes: Vec<u8>, media_type: &str) -> Result<(), ResolveProblem> {
        let put = Question {
            body: Some((bytes, media_type)),
            accept: &[],
            ..manifest(Method::PUT, &self.reference)
        };
        self.http.ask(&put).await.map(drop)
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: String,
}
