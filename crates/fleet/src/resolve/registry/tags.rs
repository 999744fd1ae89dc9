//! Tags of a registry.

use oci_client::{RegistryOperation, errors::OciDistributionError, manifest::OciImageIndex};

use super::{Registry, ResolveProblem, index_of, nonsense, problem};
use crate::{resolve::found, source_failure::SourceTrouble};

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

    /// What the tag of the reference names, byte for byte, and its digest.
    pub(crate) async fn manifest_bytes(&self) -> Result<(Vec<u8>, String), ResolveProblem> {
        let pulled = self
            .client
            .pull_manifest_raw(&self.reference, &self.auth, &MEDIA_TYPES);
        let (bytes, digest) = pulled.await.map_err(|error| problem(&error))?;
        Ok((bytes.to_vec(), digest))
    }

    /// What the repository has under a digest, byte for byte.
    pub(crate) async fn manifest_bytes_at(&self, digest: &str) -> Result<Vec<u8>, ResolveProblem> {
        let source = self.reference.clone_with_digest(digest.to_owned());
        let pulled = self
            .client
            .pull_manifest_raw(&source, &self.auth, &MEDIA_TYPES);
        let (bytes, found) = pulled.await.map_err(|error| problem(&error))?;
        if found != digest {
            return Err(nonsense(format!(
                "`{digest}` was asked for, and it is `{found}`"
            )));
        }
        Ok(bytes.to_vec())
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
        let client = &self.client;
        let operation = RegistryOperation::Push;
        let login = client.auth(&self.reference, &self.auth, operation).await;
        login.map_err(|error| problem(&error))?;
        let media_type = media_type.parse().map_err(nonsense)?;
        let put = client.push_manifest_raw(&self.reference, bytes, media_type);
        put.await.map(drop).map_err(|error| refused(&error))
    }
}

/// Why a manifest is not taken, in the registry's own words.
fn refused(error: &OciDistributionError) -> ResolveProblem {
    let OciDistributionError::ServerError { code, message, .. } = error else {
        return problem(error);
    };
    let said = match said(message).as_str() {
        "" => String::new(),
        said => format!(": {said}"),
    };
    ResolveProblem::Server {
        trouble: SourceTrouble::of_status(*code),
        message: format!("the registry answered {code}{said}"),
    }
}

/// What a registry says in the body of an answer: codes and messages, as the distribution specification has them, or else
/// its text.
fn said(body: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Errors {
        errors: Vec<Error>,
    }
    #[derive(serde::Deserialize)]
    struct Error {
        code: String,
        #[serde(default)]
        message: String,
    }
    let Ok(Errors { errors }) = serde_json::from_str(body) else {
        return body.trim().to_owned();
    };
    let texts = errors
        .iter()
        .map(|error| format!("{}: {}", error.code, error.message));
    texts.collect::<Vec<_>>().join("; ")
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_takes_no_manifest_is_quoted() {
        let check = |code: u16, body: &str, expected: &str| {
            let error = OciDistributionError::ServerError {
                code,
                url: "http://localhost/v2/a/manifests/1".to_owned(),
                message: body.to_owned(),
            };
            assert_eq!(refused(&error).to_string(), expected);
        };
        check(
            400,
            r#"{"errors":[{"code":"TAG_INVALID","message":"it is immutable"},{"code":"X"}]}"#,
            "the registry answered 400: TAG_INVALID: it is immutable; X: ",
        );
        check(412, " no \n", "the registry answered 412: no");
        check(409, "", "the registry answered 409");
    }
}
