//! Whether an image is in its registries already.
//!
//! A tag proves nothing: it may have been moved. So the index must carry the full id of what it was built from, and each of
//! its platforms must be there.

use buildkit_client::{CancellationToken, DockerConfig};
use catalog::{Id, ImageRef, Platform};

use crate::{
    image::ID_ANNOTATION,
    resolve::{ResolveError, ResolveProblem, registry::Registry},
    source_failure::SourceTrouble,
};

/// How registries are asked.
#[derive(Debug, Clone, Default)]
pub struct RegistryAccess {
    /// What to log in with.
    pub credentials: DockerConfig,
    /// Registries that speak plain HTTP, besides those on this machine.
    pub insecure: Vec<String>,
}

/// The digest under which every one of `names` has the image with this id for all of `platforms`; `None` when one has not.
pub async fn published(
    names: &[String],
    id: Id,
    platforms: &[Platform],
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Option<String>, ResolveError> {
    let mut common: Option<String> = None;
    for name in names {
        let asking = digest_of(name, id, platforms, access);
        let digest = tokio::select! {
            () = cancelled.cancelled() => Err(ResolveProblem::Cancelled),
            digest = Box::pin(asking) => digest,
        };
        let digest = digest.map_err(|problem| ResolveError {
            name: name.clone(),
            problem,
        })?;
        match (digest, &common) {
            (None, _) => return Ok(None),
            // Two registries with two builds of one id: one of them is to be replaced.
            (Some(digest), Some(first)) if digest != *first => return Ok(None),
            (Some(digest), _) => common = Some(digest),
        }
    }
    Ok(common)
}

async fn digest_of(
    name: &str,
    id: Id,
    platforms: &[Platform],
    access: &RegistryAccess,
) -> Result<Option<String>, ResolveProblem> {
    let image: ImageRef = name.parse().map_err(|error| ResolveProblem::Nonsense {
        what: format!("{error}"),
    })?;
    let registry = Registry::connect(&access.credentials, &access.insecure, &image).await?;
    let Some((index, digest)) = found(registry.index().await)? else {
        return Ok(None);
    };
    let annotation = index
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(ID_ANNOTATION));
    if annotation != Some(&id.to_string()) {
        return Ok(None);
    }
    for platform in platforms {
        let Some(entry) = Registry::entry(&index, platform) else {
            return Ok(None);
        };
        if found(registry.has_manifest(&entry.digest).await)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(digest))
}

/// What is missing is not there, and no error.
fn found<T>(answer: Result<T, ResolveProblem>) -> Result<Option<T>, ResolveProblem> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ResolveProblem::Server {
            trouble: Some(SourceTrouble::Missing),
            ..
        }) => Ok(None),
        Err(problem) => Err(problem),
    }
}
