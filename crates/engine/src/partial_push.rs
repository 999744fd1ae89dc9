//! Platforms of an image that are pushed one by one, and the index that is made of them when all are there.
//!
//! One of two platforms under the tags of both would replace the other. So it gets a name of its own, made of the
//! image's content tag, and an annotation with the full id. The build that finds all platforms of one id moves the
//! tags.

use std::collections::BTreeMap;

use buildkit_client::CancellationToken;
use catalog::{ContentDigest, Id, Platform};
use registry::{RegistryAccess, RemoteImage, RemoteProblem, found};

use crate::{
    index::{Index, Mark},
    moves::Moves,
    names::{ImageRefs, PartRefs, Published, TaggedName},
    product::ImageProduct,
    resolve::{ResolveError, named, remote},
    tagging::{self, Naming, TagError},
};

/// The index of an image of which registries have all platforms, one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joinable(Index);

/// The parts of an image in registries; each is asked for once.
pub(crate) struct Parts<'a> {
    mark: Mark,
    access: &'a RegistryAccess,
    cancelled: &'a CancellationToken,
    /// By name: the index of the part, and the digest of that.
    known: BTreeMap<TaggedName, Option<(Index, String)>>,
}

impl<'a> Parts<'a> {
    pub(crate) fn new(
        mark: Mark,
        access: &'a RegistryAccess,
        cancelled: &'a CancellationToken,
    ) -> Self {
        Self {
            mark,
            access,
            cancelled,
            known: BTreeMap::new(),
        }
    }

    /// The part that `name` names; `None` if it names no part.
    async fn get(
        &mut self,
        platform: &Platform,
        name: &TaggedName,
    ) -> Result<Option<&(Index, String)>, ResolveError> {
        if !self.known.contains_key(name) {
            let asking = part(name, platform, &self.mark, self.access);
            let part = named(name, asking, self.cancelled).await?;
            self.known.insert(name.clone(), part);
        }
        Ok(self.known.get(name).and_then(Option::as_ref))
    }

    /// The index of all parts of an image, if every repository has all of them, and the same ones; else `None`.
    pub(crate) async fn joinable(
        &mut self,
        names: &ImageRefs,
    ) -> Result<Option<Joinable>, ResolveError> {
        let mut common: Option<Index> = None;
        for PartRefs { platforms, .. } in &names.parts {
            let mut parts = Vec::new();
            for (platform, name) in platforms {
                match self.get(platform, name).await? {
                    Some((part, _digest)) => parts.push(part.clone()),
                    None => return Ok(None),
                }
            }
            let joined = Index::joined(&parts, self.mark.id);
            if common.is_some() && joined != common {
                return Ok(None);
            }
            common = joined;
        }
        Ok(common.map(Joinable))
    }

    /// The references of the platforms in `asked`, if every repository has them; else `None`.
    pub(crate) async fn pushed(
        &mut self,
        names: &ImageRefs,
        asked: &[Platform],
    ) -> Result<Option<Published>, ResolveError> {
        let (mut references, mut first) = (Vec::new(), None);
        let parts = names.parts.iter().flat_map(|names| &names.platforms);
        for (platform, name) in parts.filter(|(platform, _)| asked.contains(platform)) {
            let Some((_, digest)) = self.get(platform, name).await? else {
                return Ok(None);
            };
            references.push(format!("{name}@{digest}"));
            first.get_or_insert_with(|| digest.clone());
        }
        for (platform, name) in &names.platforms {
            let Some(digest) = self.manifest(names, name, platform).await? else {
                return Ok(None);
            };
            references.push(format!("{name}@{digest}"));
        }
        Ok(first.map(|digest| Published { digest, references }))
    }

    /// The digest behind the tag `name` of a platform, if it is that of the part in the same repository.
    async fn manifest(
        &mut self,
        names: &ImageRefs,
        name: &TaggedName,
        platform: &Platform,
    ) -> Result<Option<String>, ResolveError> {
        let Some(part_name) = names.part(name, platform) else {
            return Ok(None);
        };
        let part = self.get(platform, part_name).await?;
        let Some(of_part) = part.and_then(|(part, _)| part.manifests().next()) else {
            return Ok(None);
        };
        let of_part = of_part.to_owned();
        let access = self.access;
        let tagged = async { found(remote(name, access).await?.digest().await) };
        let tagged = named(name, tagged, self.cancelled).await?;
        let tagged = tagged.map(|digest| digest.to_string());
        Ok(tagged.filter(|tagged| *tagged == of_part))
    }
}

/// The index behind `name`, if it is that of a part of the image with this mark and all in it is there; else `None`.
async fn part(
    name: &TaggedName,
    platform: &Platform,
    mark: &Mark,
    access: &RegistryAccess,
) -> Result<Option<(Index, String)>, RemoteProblem> {
    let image = remote(name, access).await?;
    let Some((bytes, digest)) = found(image.bytes().await)? else {
        return Ok(None);
    };
    // A manifest of something else is no part.
    let Ok(index) = Index::from_bytes(&bytes) else {
        return Ok(None);
    };
    if !index.is_part(platform, mark) {
        return Ok(None);
    }
    let manifests = index.manifests().map(str::parse).collect();
    let manifests: Vec<ContentDigest> = Result::map_err(manifests, RemoteProblem::nonsense)?;
    if !image.has_manifests(&manifests).await? {
        return Ok(None);
    }
    Ok(Some((index, digest.to_string())))
}

/// Tags the platforms of `image` that the daemon has pushed under `digest`; and the whole image, if its other platforms
/// are there, too. Returns what is published, and whether it is the whole image.
pub(crate) async fn publish(
    image: &ImageProduct,
    id: Id,
    digest: &str,
    moves: &Moves,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<(Published, bool), TagError> {
    let names = image.names();
    moves.are_to_move(image.to_move());
    let mut references = Vec::new();
    let mut known = Parts::new(image.mark(id), access, cancelled);
    let asked: Vec<&Platform> = image.platforms().collect();
    let parts = names.parts.iter().flat_map(|names| &names.platforms);
    for (platform, name) in parts.filter(|(platform, _)| asked.contains(&platform)) {
        let put_under = async {
            let image = remote(name, access).await?;
            let bytes = image.bytes_at(&tagging::pushed(digest)?).await?;
            let index = Index::from_bytes(&bytes).map_err(RemoteProblem::nonsense)?;
            let part = index.part(platform, id);
            let part = part.ok_or_else(|| RemoteProblem::Platform {
                platform: platform.to_string(),
                available: Vec::new(),
            })?;
            let digest = put(&image, &part).await?;
            let reference = format!("{name}@{digest}");
            // The daemon has just pushed all that is in it.
            known.known.insert(name.clone(), Some((part, digest)));
            Ok(reference)
        };
        let tagged = moves.carried_out(name, put_under, cancelled).await;
        references.push(tagged.map_err(|error| TagError::new(Naming::Part, error, digest))?);
    }
    let of_platforms =
        tagging::tag(&names.of_platforms(), digest, moves, access, cancelled).await?;
    references.extend(of_platforms.references);
    let joinable = known.joinable(names).await;
    match joinable.map_err(|error| TagError::new(Naming::OtherPart, error, digest))? {
        None => Ok((
            Published {
                digest: digest.to_owned(),
                references,
            },
            false,
        )),
        Some(joinable) => {
            let mut whole = join(names, &joinable, moves, access, cancelled).await?;
            let more = references.into_iter();
            let more = more.filter(|reference| !whole.references.contains(reference));
            let more: Vec<String> = more.collect();
            whole.references.extend(more);
            Ok((whole, true))
        }
    }
}

/// Puts the index of all platforms into every repository, and then moves the tags.
pub(crate) async fn join(
    names: &ImageRefs,
    Joinable(index): &Joinable,
    moves: &Moves,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
) -> Result<Published, TagError> {
    let digest = ContentDigest::of(&index.to_bytes()).to_string();
    moves.are_to_move(names.parts.iter().map(|part| &part.whole));
    moves.are_to_move(names.in_order());
    for PartRefs { whole, .. } in &names.parts {
        let putting = async {
            let digest = put(&remote(whole, access).await?, index).await?;
            Ok(format!("{whole}@{digest}"))
        };
        let put = moves.carried_out(whole, putting, cancelled).await;
        put.map_err(|error| TagError::new(Naming::Joined, error, &digest))?;
    }
    tagging::tag(names, &digest, moves, access, cancelled).await
}

/// Puts an index under the tag of an image's reference. Returns its digest.
async fn put(image: &RemoteImage, index: &Index) -> Result<String, RemoteProblem> {
    let bytes = index.to_bytes();
    let digest = ContentDigest::of(&bytes);
    image.put(bytes, index.media_type(), &digest).await?;
    Ok(digest.to_string())
}

#[cfg(test)]
mod tests;
