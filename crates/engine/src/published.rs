//! What of an image is in its registries already.
//!
//! A tag proves nothing: it may have been moved. So the index must carry the full id of what it was built from, and each of
//! its platforms must be there.

use std::collections::BTreeMap;

use buildkit_client::{CancellationToken, DockerConfig, RefusedHosts};
use catalog::{Id, Platform};

use crate::{
    image::ID_ANNOTATION,
    names::{ImageRefs, Published},
    partial_push::{Joinable, Parts},
    resolve::{
        ResolveError, ResolveProblem, found, named,
        registry::{Registry, RegistryTokens},
    },
};

/// How registries are asked.
#[derive(Debug, Clone, Default)]
pub struct RegistryAccess {
    /// What to log in with.
    pub credentials: DockerConfig,
    /// Registries that speak plain HTTP, besides those on this machine.
    pub insecure: Vec<String>,
    /// Registries whose credentials the daemon gets though nothing names them: mirrors.
    pub allowed: Vec<String>,
    /// The registries that the daemon asked credentials for and got none.
    pub refused: RefusedHosts,
    /// The tokens that the daemon gets in the place of logins.
    pub tokens: RegistryTokens,
}

impl RegistryAccess {
    /// What is to be told of credentials that the daemon was refused, once for each registry.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let refused = self.refused.take().into_iter();
        refused.map(|host| warning_of(&host))
    }
}

/// What is to be told of a host whose credentials the daemon was refused.
pub(crate) fn warning_of(host: &str) -> String {
    format!(
        "the daemon asked for the credentials of `{host}`, which nothing in this build names, and got none; if it is a \
         mirror of yours, add `--allow-credentials {host}`"
    )
}

/// An image that registries are asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// What it is known by.
    pub names: &'a ImageRefs,
    /// Its id.
    pub id: Id,
    /// The platforms that are to be there.
    pub asked: &'a [Platform],
    /// All platforms that it has.
    pub declared: &'a [Platform],
}

/// What the registries have of an image.
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
        id,
        asked,
        declared,
    } = wanted;
    if let Some(whole) = published(names, id, declared, access, cancelled).await? {
        return Ok(Presence::Whole(whole));
    }
    let mut parts = Parts::new(id, access, cancelled);
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

/// The image with this id, if every one of `names` has it, and for all of `platforms`; `None` when one has not.
async fn published(
    names: &ImageRefs,
    id: Id,
    platforms: &[Platform],
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Option<Published>, ResolveError> {
    let mut common: Option<Digests> = None;
    for name in &names.index {
        let asking = digests_of(name, id, platforms, access);
        let digests = named(name, asking, cancelled).await?;
        match (digests, &common) {
            (None, _) => return Ok(None),
            // Two registries with two builds of one id: one of them is to be replaced.
            (Some(digests), Some(first)) if digests.index != first.index => return Ok(None),
            (Some(digests), _) => common = Some(digests),
        }
    }
    let Some(digests) = common else {
        return Ok(None);
    };
    let of_index = names.index.iter().map(|name| (name, &digests.index));
    let mut references: Vec<_> = of_index.collect();
    for (platform, name) in &names.platforms {
        let Some(digest) = digests.platforms.get(platform) else {
            return Ok(None);
        };
        let tagged = named(name, tagged(name, access), cancelled).await?;
        if tagged.as_ref() != Some(digest) {
            return Ok(None);
        }
        references.push((name, digest));
    }
    let references = references
        .into_iter()
        .map(|(name, digest)| format!("{name}@{digest}"));
    Ok(Some(Published {
        references: references.collect(),
        digest: digests.index.clone(),
    }))
}

/// What an index is, and what it has for each platform.
struct Digests {
    index: String,
    platforms: BTreeMap<Platform, String>,
}

/// What a tag names.
async fn tagged(name: &str, access: &RegistryAccess) -> Result<Option<String>, ResolveProblem> {
    found(Registry::of(name, access).await?.tagged().await)
}

async fn digests_of(
    name: &str,
    id: Id,
    platforms: &[Platform],
    access: &RegistryAccess,
) -> Result<Option<Digests>, ResolveProblem> {
    let registry = Registry::of(name, access).await?;
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
    let mut of_platforms = BTreeMap::new();
    for platform in platforms {
        let Some(entry) = Registry::entry(&index, platform) else {
            return Ok(None);
        };
        if found(registry.has_manifest(&entry.digest).await)?.is_none() {
            return Ok(None);
        }
        of_platforms.insert(platform.clone(), entry.digest.clone());
    }
    Ok(Some(Digests {
        index: digest,
        platforms: of_platforms,
    }))
}
