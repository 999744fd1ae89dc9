//! Tags, which move last: when every registry has all of an image.
//!
//! The daemon pushes by digest. It would push one name after the other: if one registry failed, the tags in those
//! before it would have moved.

use buildkit_client::CancellationToken;
use catalog::ContentDigest;
use registry::{RegistryAccess, RemoteProblem};

use crate::{
    moves::Moves,
    names::{ImageRefs, Published},
    resolve::{ResolveError, ResolveProblem, remote},
    source_failure::Trouble,
};

/// A tag that could not be moved.
#[derive(Debug, thiserror::Error)]
#[error("{}", text(*naming, name, digest))]
pub struct TagError {
    /// The reference with the tag.
    pub name: String,
    /// The digest of what was pushed or put together.
    pub digest: String,
    /// What the tag was to name.
    pub naming: Naming,
    /// The other registries that the image goes to.
    pub others: Vec<String>,
    /// Why.
    #[source]
    pub problem: ResolveProblem,
}

/// What a tag names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The image that was pushed.
    Image,
    /// One platform of it.
    Platform,
    /// One platform by the id of the whole image, because it was pushed without the others.
    Part,
    /// Another platform of the image, which is looked for.
    OtherPart,
    /// The index that is put together from platforms that were pushed one by one.
    Joined,
}

fn text(naming: Naming, name: &str, digest: &str) -> String {
    let pushed = format!("what was pushed is in its repositories as `{digest}`");
    match naming {
        Naming::Image => format!(
            "the image is in its repositories as `{digest}`, but `{name}` cannot be made to name it"
        ),
        Naming::Platform => {
            format!("{pushed}, but `{name}` cannot be made to name one platform of it")
        }
        Naming::Part => {
            format!("{pushed}, but `{name}` cannot be made to name it as a part of its image")
        }
        Naming::OtherPart => {
            format!("{pushed}, but it cannot be known whether `{name}` is there, too")
        }
        Naming::Joined => format!(
            "all platforms of the image are in its repositories, but `{name}` cannot be made to name their index, `{digest}`"
        ),
    }
}

impl TagError {
    pub(crate) fn new(
        naming: Naming,
        ResolveError { name, problem, .. }: ResolveError,
        digest: &str,
    ) -> Self {
        Self {
            name,
            digest: digest.to_owned(),
            naming,
            others: Vec::new(),
            problem,
        }
    }

    /// What kind of trouble it is, if that can be told.
    pub fn trouble(&self) -> Option<Trouble> {
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
    moves: &Moves,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Published, TagError> {
    let failed = |naming| move |error| TagError::new(naming, error, digest);
    moves.are_to_move(names.in_order());
    let mut of_platforms = Vec::new();
    for (platform, name) in &names.platforms {
        let tagging = async {
            let image = remote(name, access).await?;
            let index = image.index_at(&pushed(digest)?).await?;
            let manifest = index.manifest(platform)?;
            let manifest = manifest.ok_or_else(|| index.lacks(platform))?;
            image.tag(&manifest).await?;
            Ok(format!("{name}@{manifest}"))
        };
        let tagged = moves.carried_out(name, tagging, cancelled).await;
        of_platforms.push(tagged.map_err(failed(Naming::Platform))?);
    }
    let mut references = Vec::new();
    for name in &names.index {
        let tagging = async {
            let image = remote(name, access).await?;
            image.tag(&pushed(digest)?).await?;
            Ok(format!("{name}@{digest}"))
        };
        let tagged = moves.carried_out(name, tagging, cancelled).await;
        references.push(tagged.map_err(failed(Naming::Image))?);
    }
    references.extend(of_platforms);
    Ok(Published {
        digest: digest.to_owned(),
        references,
    })
}

/// The digest that a daemon says it has pushed.
pub(crate) fn pushed(digest: &str) -> Result<ContentDigest, RemoteProblem> {
    digest.parse().map_err(RemoteProblem::nonsense)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_its_repositories_is_said_to_be() {
        let check =
            |naming, expected: &str| assert_eq!(text(naming, "r/a:1", "sha256:1"), expected);
        check(
            Naming::Image,
            "the image is in its repositories as `sha256:1`, but `r/a:1` cannot be made to name it",
        );
        check(
            Naming::Platform,
            "what was pushed is in its repositories as `sha256:1`, but `r/a:1` cannot be made to name one platform of it",
        );
        check(
            Naming::Part,
            "what was pushed is in its repositories as `sha256:1`, but `r/a:1` cannot be made to name it as a part of its image",
        );
        check(
            Naming::OtherPart,
            "what was pushed is in its repositories as `sha256:1`, but it cannot be known whether `r/a:1` is there, too",
        );
        check(
            Naming::Joined,
            "all platforms of the image are in its repositories, but `r/a:1` cannot be made to name their index, `sha256:1`",
        );
    }
}
