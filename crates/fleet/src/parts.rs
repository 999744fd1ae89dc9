//! Platforms of an image that are pushed one by one, and the index that is made of them when all are there.
//!
//! One of two platforms under the tags of both would replace the other. So it gets a name of its own, made of the image's
//! content tag, and an annotation with the full id: whoever finds all platforms of one id moves the tags.

use buildkit_client::CancellationToken;
use catalog::{Id, Platform};

use crate::{
    image::ImagePlan,
    index::Index,
    names::{ImageRefs, PartRefs, Published},
    published::RegistryAccess,
    resolve::{ResolveError, ResolveProblem, found, named, registry::Registry},
    tagging::{self, TagError},
};

/// The index of an image, which registries have all platforms of, one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joinable(Index);

/// The index that all parts of an image make, if every repository has all of them, and the same; else `None`.
pub(crate) async fn joinable(
    names: &ImageRefs,
    id: Id,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Option<Joinable>, ResolveError> {
    let mut common: Option<Index> = None;
    for PartRefs { platforms, .. } in &names.parts {
        let mut parts = Vec::new();
        for (platform, name) in platforms {
            let asking = part(name, platform, id, access);
            match named(name, asking, cancelled).await? {
                Some((part, _digest)) => parts.push(part),
                None => return Ok(None),
            }
        }
        let joined = Index::joined(&parts, id);
        if common.is_some() && joined != common {
            return Ok(None);
        }
        common = joined;
    }
    Ok(common.map(Joinable))
}

/// What the platforms in `asked` are known by, if every repository has them; else `None`.
pub(crate) async fn pushed(
    names: &ImageRefs,
    id: Id,
    asked: &[Platform],
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Option<Published>, ResolveError> {
    let (mut references, mut first) = (Vec::new(), None);
    let parts = names.parts.iter().flat_map(|names| &names.platforms);
    for (platform, name) in parts.filter(|(platform, _)| asked.contains(platform)) {
        let asking = part(name, platform, id, access);
        let Some((_, digest)) = named(name, asking, cancelled).await? else {
            return Ok(None);
        };
        references.push(format!("{name}@{digest}"));
        first.get_or_insert(digest);
    }
    for (platform, name) in &names.platforms {
        let Some(digest) = manifest(names, name, platform, id, access, cancelled).await? else {
            return Ok(None);
        };
        references.push(format!("{name}@{digest}"));
    }
    Ok(first.map(|digest| Published { digest, references }))
}

/// The digest that the tag `name` of a platform has, if it is the part's in the same repository.
async fn manifest(
    names: &ImageRefs,
    name: &str,
    platform: &Platform,
    id: Id,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Option<String>, ResolveError> {
    let tagged = async { found(Registry::of(name, access).await?.tagged().await) };
    let Some(tagged) = named(name, tagged, cancelled).await? else {
        return Ok(None);
    };
    let mut parts = names.parts.iter().flat_map(|names| &names.platforms);
    let Some((_, part_name)) = parts.find(|(of, _)| of == platform) else {
        return Ok(None);
    };
    let asking = part(part_name, platform, id, access);
    let part = named(part_name, asking, cancelled).await?;
    let is_it = part.is_some_and(|(part, _)| part.manifests().next() == Some(&tagged));
    Ok(is_it.then_some(tagged))
}

/// The index that `name` names, if it is that of a part of the image with this id, and all in it is there; else `None`.
async fn part(
    name: &str,
    platform: &Platform,
    id: Id,
    access: &RegistryAccess,
) -> Result<Option<(Index, String)>, ResolveProblem> {
    let registry = Registry::of(name, access).await?;
    let Some((bytes, digest)) = found(registry.manifest_bytes().await)? else {
        return Ok(None);
    };
    // A manifest of something else is no part.
    let Ok(index) = Index::from_bytes(&bytes) else {
        return Ok(None);
    };
    if !index.is_part(platform, id) {
        return Ok(None);
    }
    for manifest in index.manifests() {
        if found(registry.has_manifest(manifest).await)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some((index, digest)))
}

/// Names the platforms of `image` that the daemon has pushed under `digest`; and the whole image, if its other platforms are
/// there, too. What was made, and whether it is the whole image.
pub(crate) async fn publish(
    image: &ImagePlan,
    id: Id,
    digest: &str,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<(Published, bool), TagError> {
    let names = &image.names;
    let mut references = Vec::new();
    let asked: Vec<&Platform> = image.asked().collect();
    let parts = names.parts.iter().flat_map(|names| &names.platforms);
    for (platform, name) in parts.filter(|(platform, _)| asked.contains(&platform)) {
        let naming = async {
            let registry = Registry::of(name, access).await?;
            let bytes = registry.manifest_bytes_at(digest).await?;
            let index = Index::from_bytes(&bytes).map_err(|error| nonsense(&error))?;
            let part = index.part(platform, id);
            let part = part.ok_or_else(|| ResolveProblem::Platform {
                platform: platform.to_string(),
                available: Vec::new(),
            })?;
            put(&registry, &part).await
        };
        let part = named(name, naming, cancelled).await;
        let digest = part.map_err(|error| TagError::new(error, digest))?;
        references.push(format!("{name}@{digest}"));
    }
    let of_platforms = tagging::tag(&names.of_platforms(), digest, access, cancelled).await?;
    references.extend(of_platforms.references);
    let joinable = joinable(names, id, access, cancelled).await;
    match joinable.map_err(|error| TagError::new(error, digest))? {
        None => Ok((
            Published {
                digest: digest.to_owned(),
                references,
            },
            false,
        )),
        Some(joinable) => {
            let mut whole = join(names, &joinable, access, cancelled).await?;
            let more = references.into_iter();
            let more = more.filter(|reference| !whole.references.contains(reference));
            let more: Vec<String> = more.collect();
            whole.references.extend(more);
            Ok((whole, true))
        }
    }
}

/// Puts the index of all platforms into every repository, and then moves the tags.
pub async fn join(
    names: &ImageRefs,
    Joinable(index): &Joinable,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Published, TagError> {
    let digest = archive::Digest::of(&index.to_bytes()).to_string();
    for PartRefs { whole, .. } in &names.parts {
        let putting = async { put(&Registry::of(whole, access).await?, index).await };
        let put = named(whole, putting, cancelled).await;
        put.map_err(|error| TagError::new(error, &digest))?;
    }
    tagging::tag(names, &digest, access, cancelled).await
}

/// Has the tag of a registry's reference name an index; the digest of it.
async fn put(registry: &Registry, index: &Index) -> Result<String, ResolveProblem> {
    let bytes = index.to_bytes();
    let digest = archive::Digest::of(&bytes).to_string();
    registry.put(bytes, index.media_type(), &digest).await?;
    Ok(digest)
}

fn nonsense(error: &serde_json::Error) -> ResolveProblem {
    ResolveProblem::Nonsense {
        what: error.to_string(),
    }
}
