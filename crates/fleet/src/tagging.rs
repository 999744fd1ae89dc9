//! Tags, which move last: when every registry has all of an image.
//!
//! The daemon pushes by digest. It would push one name after the other, so that a registry that fails would leave the tags of
//! those before it moved.

use buildkit_client::CancellationToken;

use crate::{
    names::{ImageRefs, Published},
    published::RegistryAccess,
    resolve::{ResolveError, ResolveProblem, named, registry::Registry},
    source_failure::SourceTrouble,
};

/// A tag that could not be moved.
#[derive(Debug, thiserror::Error)]
#[error("the image is in its repositories as `{digest}`, but `{name}` cannot be made to name it")]
pub struct TagError {
    /// The reference with the tag.
    pub name: String,
    /// The digest of the image.
    pub digest: String,
    /// Why.
    #[source]
    pub problem: ResolveProblem,
}

impl TagError {
    pub(crate) fn new(ResolveError { name, problem, .. }: ResolveError, digest: &str) -> Self {
        Self {
            name,
            digest: digest.to_owned(),
            problem,
        }
    }

    /// What kind of trouble it is, if that can be told.
    pub fn trouble(&self) -> Option<SourceTrouble> {
        self.problem.trouble()
    }

    /// Whether the user interrupted it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.problem.is_cancelled()
    }
}

/// Makes all of `names` name the image that their repositories have under `digest`, those of platforms first.
pub(crate) async fn tag(
    names: &ImageRefs,
    digest: &str,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Published, TagError> {
    let failed = |error| TagError::new(error, digest);
    let mut of_platforms = Vec::new();
    for (platform, name) in &names.platforms {
        let tagging = async {
            let registry = Registry::of(name, access).await?;
            let (index, _digest) = registry.index_at(digest).await?;
            let entry = Registry::entry(&index, platform).ok_or(ResolveProblem::Platform {
                platform: platform.to_string(),
                available: Vec::new(),
            })?;
            registry.tag(&entry.digest).await?;
            Ok(format!("{name}@{}", entry.digest))
        };
        let tagged = named(name, tagging, cancelled).await;
        of_platforms.push(tagged.map_err(failed)?);
    }
    let mut references = Vec::new();
    for name in &names.index {
        let tagging = async {
            Registry::of(name, access).await?.tag(digest).await?;
            Ok(format!("{name}@{digest}"))
        };
        let tagged = named(name, tagging, cancelled).await;
        references.push(tagged.map_err(failed)?);
    }
    references.extend(of_platforms);
    Ok(Published {
        digest: digest.to_owned(),
        references,
    })
}
