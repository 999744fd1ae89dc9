//! The part of an image that its registries have already.
//!
//! A tag proves nothing: it may have been moved. So the index must carry the full id of the image and the digest of its
//! metadata, and each of its platforms must be there.

use std::collections::BTreeMap;

use buildkit_client::CancellationToken;
use catalog::{ContentDigest, ID_ANNOTATION, METADATA_ANNOTATION, Platform};
use futures_util::stream::{FuturesOrdered, StreamExt as _};
use registry::{RegistryAccess, RemoteProblem, found};

use crate::{
    index::Mark,
    names::{ImageRefs, Published, TaggedName},
    partial_push::{Joinable, Parts},
    resolve::{ResolveError, named, remote},
};

/// An image to ask registries about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Its names.
    pub names: &'a ImageRefs,
    /// What its index must say.
    pub mark: &'a Mark,
    /// The platforms that must be there.
    pub asked: &'a [Platform],
    /// All its platforms.
    pub declared: &'a [Platform],
}

/// The presence of an image in its registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Everything, under all its names.
    Whole(Published),
    /// All platforms, one by one, and not the index under all its names.
    Parts(Joinable),
    /// The platforms that are asked for, and not all of the image.
    Part(Published),
    /// Not what is asked for.
    Missing,
}

/// Asks the registries of an image what they have of it.
pub(crate) async fn presence(
    wanted: Wanted<'_>,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Presence, ResolveError> {
    let Wanted {
        names,
        mark,
        asked,
        declared,
    } = wanted;
    if let Some(whole) = published(names, mark, declared, access, cancelled).await? {
        return Ok(Presence::Whole(whole));
    }
    let mut parts = Parts::new(mark.clone(), access, cancelled);
    if let Some(joinable) = parts.joinable(names).await? {
        return Ok(Presence::Parts(joinable));
    }
    if asked.len() < declared.len()
        && let Some(part) = parts.pushed(names, asked).await?
    {
        return Ok(Presence::Part(part));
    }
    Ok(Presence::Missing)
}

/// The image with this mark, if every one of `names` has it for all of `platforms`; else `None`. All names are asked side
/// by side.
async fn published(
    names: &ImageRefs,
    mark: &Mark,
    platforms: &[Platform],
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Option<Published>, ResolveError> {
    let indexes = names.index.iter().map(|name| {
        let asking = digests_of(name, mark, platforms, access);
        named(name, asking, cancelled)
    });
    let Some(indexes) = all(indexes).await? else {
        return Ok(None);
    };
    let Some((digests, others)) = indexes.split_first() else {
        return Ok(None);
    };
    // Two registries with two builds of one id: one of them is to be replaced.
    if others.iter().any(|other| other.index != digests.index) {
        return Ok(None);
    }
    let tagged = names.platforms.iter().map(|(_, name)| {
        let asking = async { found(remote(name, access).await?.digest().await) };
        named(name, asking, cancelled)
    });
    let Some(tagged) = all(tagged).await? else {
        return Ok(None);
    };
    let of_index = names.index.iter().map(|name| (name, &digests.index));
    let mut references: Vec<_> = of_index.collect();
    for ((platform, name), tagged) in names.platforms.iter().zip(&tagged) {
        match digests.platforms.get(platform) {
            Some(digest) if tagged == digest => references.push((name, digest)),
            _ => return Ok(None),
        }
    }
    let references = references
        .into_iter()
        .map(|(name, digest)| format!("{name}@{digest}"));
    Ok(Some(Published {
        references: references.collect(),
        digest: digests.index.to_string(),
    }))
}

/// The answers to all questions, which are asked side by side. The first `None` or error, in the order of the
/// questions, decides.
async fn all<T, E>(
    questions: impl Iterator<Item = impl Future<Output = Result<Option<T>, E>>>,
) -> Result<Option<Vec<T>>, E> {
    let mut answers: FuturesOrdered<_> = questions.collect();
    let mut all = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer? {
            Some(answer) => all.push(answer),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

/// The digests of an index and of its platforms.
struct Digests {
    index: ContentDigest,
    platforms: BTreeMap<Platform, ContentDigest>,
}

async fn digests_of(
    name: &TaggedName,
    mark: &Mark,
    platforms: &[Platform],
    access: &RegistryAccess,
) -> Result<Option<Digests>, RemoteProblem> {
    let image = remote(name, access).await?;
    let Some(index) = found(image.index().await)? else {
        return Ok(None);
    };
    let is_it = index.annotation(ID_ANNOTATION) == Some(&mark.id.to_string())
        && index.annotation(METADATA_ANNOTATION) == mark.metadata.as_deref();
    if !is_it {
        return Ok(None);
    }
    let mut digests = Vec::new();
    for platform in platforms {
        match index.manifest(platform)? {
            Some(digest) => digests.push(digest),
            None => return Ok(None),
        }
    }
    if !image.has_manifests(&digests).await? {
        return Ok(None);
    }
    Ok(Some(Digests {
        index: index.digest().clone(),
        platforms: platforms.iter().cloned().zip(digests).collect(),
    }))
}
