//! Questions to a daemon about references, and their answers.

use std::{collections::BTreeMap, fmt};

use buildkit_client::{SourceAnswer, SourceQuery};
use catalog::{Commit, ContentDigest, GitSource, ImageRef, LayoutImage, Platform};

use crate::pinning::ResolvedImage;

/// An answer that does not fit its question, or a question that cannot be put.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Nonsense(pub String);

fn nonsense(what: impl fmt::Display) -> Nonsense {
    Nonsense(what.to_string())
}

/// One question for each platform of an image.
pub fn of_image(image: &ImageRef, platforms: &[Platform]) -> Vec<SourceQuery> {
    queries(&image.to_string(), None, platforms)
}

/// One question for each platform of an image of an OCI layout.
pub fn of_layout(image: &LayoutImage, platforms: &[Platform]) -> Vec<SourceQuery> {
    queries(&image.reference(), Some(&image.store), platforms)
}

fn queries(reference: &str, store: Option<&str>, platforms: &[Platform]) -> Vec<SourceQuery> {
    let query = |platform: &Platform| SourceQuery::Image {
        reference: reference.to_owned(),
        store: store.map(str::to_owned),
        os: platform.os().to_owned(),
        architecture: platform.architecture().to_owned(),
        variant: platform.variant().to_owned(),
    };
    platforms.iter().map(query).collect()
}

/// The image, from the daemon's answers for its platforms.
pub fn image(
    platforms: &[Platform],
    answers: Vec<SourceAnswer>,
) -> Result<ResolvedImage, Nonsense> {
    let mut resolved: Option<ResolvedImage> = None;
    for (platform, answer) in platforms.iter().zip(answers) {
        let SourceAnswer::Image { digest, config } = answer else {
            return Err(nonsense("it is no image"));
        };
        let digest: ContentDigest = digest.parse().map_err(nonsense)?;
        let resolved = resolved.get_or_insert_with(|| ResolvedImage {
            digest: digest.clone(),
            configs: BTreeMap::new(),
        });
        // A tag that moves between two questions would give an image that never was.
        if resolved.digest != digest {
            return Err(nonsense("the tag moved while it was asked for; try again"));
        }
        resolved.configs.insert(platform.clone(), config);
    }
    resolved.ok_or_else(|| nonsense("no platform was asked for"))
}

/// The question what a URL serves.
pub fn of_http(url: &str) -> SourceQuery {
    SourceQuery::Source {
        name: url.to_owned(),
        identifier: url.to_owned(),
        attrs: BTreeMap::new(),
    }
}

/// The sha256 of a download.
pub fn http(answer: SourceAnswer) -> Result<ContentDigest, Nonsense> {
    match answer {
        SourceAnswer::Http(checksum) => checksum.parse().map_err(nonsense),
        _ => Err(nonsense("it is no download")),
    }
}

/// The question which commit a git ref stands for.
pub fn of_git(source: &GitSource) -> Result<SourceQuery, Nonsense> {
    let content = source
        .content()
        .ok_or_else(|| nonsense("it is no git source"))?;
    Ok(SourceQuery::Source {
        name: source.to_string(),
        identifier: content.identifier,
        attrs: content.attrs,
    })
}

/// The commit of a git ref.
pub fn git(answer: SourceAnswer) -> Result<Commit, Nonsense> {
    match answer {
        SourceAnswer::Git(commit) => commit.parse().map_err(nonsense),
        _ => Err(nonsense("it is no git ref")),
    }
}
