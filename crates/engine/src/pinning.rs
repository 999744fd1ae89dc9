//! From references to a lock: missing pins are asked for, one question an image, and written down.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{
    BaseConfig, Commit, ContentDigest, GitSource, ImageKey, ImagePin, ImageRef, Lock, Mirrors,
    Pinned, Platform, Reference, Written,
};

pub use registry::ResolvedImage;

/// Answers what references stand for.
pub trait Resolve {
    /// Why there is no answer.
    type Error;

    /// The image that a reference stands for; at its digest, if it has one.
    fn image(
        &self,
        image: &ImageRef,
        platforms: &[Platform],
    ) -> impl Future<Output = Result<ResolvedImage, Self::Error>> + Send;

    /// The sha256 of the download from `url`, which is fetched from `address`: a mirror's, or `url` itself.
    fn http(
        &self,
        url: &str,
        address: &str,
    ) -> impl Future<Output = Result<ContentDigest, Self::Error>> + Send;

    /// The commit that a git ref stands for.
    fn git(&self, source: &GitSource) -> impl Future<Output = Result<Commit, Self::Error>> + Send;

    /// The error for an answer on `name` that makes no sense.
    fn nonsense(&self, name: &str, what: String) -> Self::Error;
}

/// Two places that name one image with different digests, so that no lock is right for both.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{key}` is written with the digest `{first}` in {first_place}, and with `{second}` in {second_place}"
)]
pub struct PinClash {
    /// The image.
    pub key: ImageKey,
    /// One digest.
    pub first: ContentDigest,
    /// Where it is written.
    pub first_place: Written,
    /// The other digest.
    pub second: ContentDigest,
    /// Where that is written.
    pub second_place: Written,
}

/// The references to ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pinning {
    images: BTreeMap<ImageKey, (ImageRef, BTreeSet<String>)>,
    http: BTreeSet<String>,
    git: BTreeSet<GitSource>,
    mirrors: Mirrors,
    is_anew: bool,
}

impl Pinning {
    /// Includes references that are pinned already, whatever their pins.
    pub fn anew(mut self) -> Self {
        self.is_anew = true;
        self
    }

    /// Asks the mirrors of downloads in the place of their own servers.
    pub fn with_mirrors(mut self, mirrors: &Mirrors) -> Self {
        self.mirrors.clone_from(mirrors);
        self
    }

    /// The questions for `references`, each once.
    pub fn of<'a>(
        references: impl IntoIterator<Item = &'a Reference>,
    ) -> Result<Self, Box<PinClash>> {
        let mut pinning = Self::default();
        let mut written: BTreeMap<ImageKey, (ContentDigest, Written)> = BTreeMap::new();
        for Reference { source, place } in references {
            match source {
                Pinned::Http(url) => drop(pinning.http.insert(url.clone())),
                Pinned::Git(source) => drop(pinning.git.insert(source.clone())),
                Pinned::Image {
                    reference,
                    platform,
                } => {
                    let key = ImageKey::of(reference);
                    let (image, platforms) = pinning
                        .images
                        .entry(key.clone())
                        .or_insert_with(|| (reference.clone(), BTreeSet::new()));
                    platforms.insert(platform.to_string());
                    let Some(digest) = reference.digest() else {
                        continue;
                    };
                    // A digest that is written in one place counts for all places that name the tag.
                    *image = reference.clone();
                    let (first, first_place) = written
                        .entry(key.clone())
                        .or_insert_with(|| (digest.clone(), place.clone()));
                    if first != digest {
                        return Err(Box::new(PinClash {
                            key,
                            first: first.clone(),
                            first_place: first_place.clone(),
                            second: digest.clone(),
                            second_place: place.clone(),
                        }));
                    }
                }
            }
        }
        Ok(pinning)
    }

    /// Whether there is nothing to ask for.
    pub fn is_empty(&self) -> bool {
        self.names().is_empty()
    }

    /// Keeps only the entries with these names. Returns the names without an entry.
    pub fn only(&mut self, names: &[String]) -> Vec<String> {
        let wanted = |name: &str| names.iter().any(|given| is_called(given, name));
        let is_entry = |given: &&String| !self.names().iter().any(|name| is_called(given, name));
        let unknown = names.iter().filter(is_entry).cloned().collect();
        self.images.retain(|key, _| wanted(key.as_str()));
        self.http.retain(|url| wanted(url));
        self.git.retain(|source| wanted(&source.to_string()));
        unknown
    }

    /// The names of the references to ask for.
    pub fn names(&self) -> Vec<String> {
        let images = self.images.keys().map(ToString::to_string);
        let git = self.git.iter().map(ToString::to_string);
        images.chain(self.http.iter().cloned()).chain(git).collect()
    }

    /// Asks, and writes the answers into `lock`.
    pub async fn pin<R: Resolve + Sync>(
        &self,
        lock: &mut Lock,
        resolver: &R,
        on_name: &(dyn Fn(&str) + Sync),
    ) -> Result<(), R::Error> {
        for (key, (image, platforms)) in &self.images {
            on_name(key.as_str());
            let platforms: Vec<Platform> = platforms
                .iter()
                .filter_map(|platform| platform.parse().ok())
                .collect();
            // A pin without the config for some platform does not move for the sake of it.
            let pinned = lock.image(image).filter(|_| !self.is_anew);
            let meant = match (image.digest(), pinned) {
                (None, Some(pin)) => image.clone().with_digest(pin.digest().clone()),
                _ => image.clone(),
            };
            let found = resolver.image(&meant, &platforms).await?;
            let configs = found
                .configs
                .into_iter()
                .map(|(platform, json)| Ok((platform, BaseConfig::from_json(&json)?)))
                .collect::<Result<Vec<_>, catalog::BaseConfigError>>();
            let configs = configs.map_err(|error| {
                resolver.nonsense(key.as_str(), format!("{error}: {}", error.source))
            })?;
            lock.set_image(image, ImagePin::new(found.digest, configs));
        }
        for url in &self.http {
            on_name(url);
            let address = self.mirrors.fetched(url);
            lock.set_http(url, resolver.http(url, &address).await?);
        }
        for source in &self.git {
            on_name(&source.to_string());
            lock.set_git(source, resolver.git(source).await?);
        }
        Ok(())
    }
}

/// Images go by any spelling: `ubuntu` is `ubuntu:latest`.
fn is_called(given: &str, name: &str) -> bool {
    given == name
        || given
            .parse::<ImageRef>()
            .is_ok_and(|image| ImageKey::of(&image).as_str() == name)
}
