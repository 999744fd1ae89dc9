//! An image in its registry: its manifests, its configs, its tag.

use std::{collections::BTreeMap, sync::Arc};

use buildkit_llb::{ContentDigest, ImageRef, Platform};
use futures_util::future::{join_all, try_join_all};
use oci_spec::image::Descriptor;
use reqwest::{Method, header::HeaderValue};
use serde::Deserialize;

use crate::{
    access::RegistryAccess,
    manifest::{Manifest, RemoteIndex, require_platform},
    problem::{RemoteProblem, found},
    session::{Question, Session},
    trouble::Trouble,
};

/// The largest manifest or index that is read: the limit of registries and of containerd.
const MAX_MANIFEST: usize = 8 << 20;

/// The largest config that is read; real ones have some kilobytes.
const MAX_CONFIG: usize = 8 << 20;

/// The header with the digest of a registry's answer.
const DIGEST: &str = "docker-content-digest";

/// The media types of an image: of an index, or of the manifest of one platform.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// An image in its registry. It need not be there.
#[derive(Debug, Clone)]
pub struct RemoteImage {
    session: Arc<Session>,
    image: ImageRef,
}

/// An image as its registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The digest that the reference names: that of the index, when there is one.
    pub digest: ContentDigest,
    /// The JSON of the image's config, for each platform that was asked for.
    pub configs: BTreeMap<Platform, Vec<u8>>,
}

impl RemoteImage {
    /// Prepares questions about an image. No network is used for it, at most a program that keeps the login.
    pub async fn of(image: &ImageRef, access: &RegistryAccess) -> Result<Self, RemoteProblem> {
        let session = access.sessions.with(image.domain(), access).await?;
        Ok(Self::new(session, image.clone()))
    }

    pub(crate) fn new(session: Arc<Session>, image: ImageRef) -> Self {
        Self { session, image }
    }

    /// The repository, such as `ghcr.io/a/b`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.image.domain(), self.image.path())
    }

    /// Whether there is a login for its registry.
    pub fn has_login(&self) -> bool {
        self.session.has_login()
    }

    /// The digest of the image, with the configs of all `platforms`.
    pub async fn resolved(&self, platforms: &[Platform]) -> Result<ResolvedImage, RemoteProblem> {
        let (bytes, digest) = self.bytes().await?;
        let configs = match Manifest::read(&bytes)? {
            Manifest::Index(index) => {
                let index = &RemoteIndex::new(digest.clone(), *index);
                let asking = platforms
                    .iter()
                    .map(|platform| self.config_in(index, platform));
                try_join_all(asking).await?
            }
            Manifest::Image(_) if platforms.is_empty() => Vec::new(),
            Manifest::Image(manifest) => {
                let config = self.blob(manifest.config()).await?;
                for platform in platforms {
                    require_platform(&config, platform)?;
                }
                vec![config; platforms.len()]
            }
        };
        Ok(ResolvedImage {
            digest,
            configs: platforms.iter().cloned().zip(configs).collect(),
        })
    }

    /// The digest that the reference names, and nothing else.
    pub async fn digest(&self) -> Result<ContentDigest, RemoteProblem> {
        self.digest_of(&self.reference()).await
    }

    /// The index that the reference names; `Missing` if it is a manifest of a single platform.
    pub async fn index(&self) -> Result<RemoteIndex, RemoteProblem> {
        index_of(self.bytes().await?)
    }

    /// The index under a digest in the repository.
    pub async fn index_at(&self, digest: &ContentDigest) -> Result<RemoteIndex, RemoteProblem> {
        index_of(self.bytes_of(digest.as_str()).await?)
    }

    /// The manifest or index that the reference names, byte for byte, and its digest.
    pub async fn bytes(&self) -> Result<(Vec<u8>, ContentDigest), RemoteProblem> {
        self.bytes_of(&self.reference()).await
    }

    /// The manifest or index under a digest in the repository, byte for byte.
    pub async fn bytes_at(&self, digest: &ContentDigest) -> Result<Vec<u8>, RemoteProblem> {
        Ok(self.bytes_of(digest.as_str()).await?.0)
    }

    /// Whether the repository has all of these manifests; they are asked for side by side.
    pub async fn has_manifests(&self, digests: &[ContentDigest]) -> Result<bool, RemoteProblem> {
        let asking = digests.iter().map(|digest| self.digest_of(digest.as_str()));
        for answer in join_all(asking).await {
            if found(answer)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Points the tag of the reference to the manifest with this digest, which the repository has: the same bytes are
    /// put under the tag.
    pub async fn tag(&self, digest: &ContentDigest) -> Result<(), RemoteProblem> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Typed {
            media_type: String,
        }
        if self.names(digest).await? {
            return Ok(());
        }
        let bytes = self.bytes_at(digest).await?;
        let manifest: Typed = serde_json::from_slice(&bytes).map_err(RemoteProblem::nonsense)?;
        self.move_to(bytes, &manifest.media_type).await
    }

    /// Puts a manifest under the tag of the reference. It need not be there yet.
    pub async fn put(
        &self,
        bytes: Vec<u8>,
        media_type: &str,
        digest: &ContentDigest,
    ) -> Result<(), RemoteProblem> {
        if self.names(digest).await? {
            return Ok(());
        }
        self.move_to(bytes, media_type).await
    }

    /// Whether the tag names this digest already. Such a tag is left alone: registries with immutable tags refuse to
    /// set it again.
    async fn names(&self, digest: &ContentDigest) -> Result<bool, RemoteProblem> {
        Ok(found(self.digest().await)?.as_ref() == Some(digest))
    }

    async fn move_to(&self, bytes: Vec<u8>, media_type: &str) -> Result<(), RemoteProblem> {
        let put = Question {
            body: Some((bytes, media_type)),
            accept: &[],
            ..manifest(Method::PUT, &self.reference())
        };
        self.ask(&put).await.map(drop)
    }

    /// The config of the image for one platform.
    async fn config_in(
        &self,
        index: &RemoteIndex,
        platform: &Platform,
    ) -> Result<Vec<u8>, RemoteProblem> {
        let digest = index.manifest(platform)?;
        let digest = digest.ok_or_else(|| index.lacks(platform))?;
        match Manifest::read(&self.bytes_at(&digest).await?)? {
            Manifest::Image(manifest) => self.blob(manifest.config()).await,
            Manifest::Index(_) => Err(RemoteProblem::nonsense("an index within an index")),
        }
    }

    /// The manifest or index under a tag or digest, byte for byte, and its digest.
    async fn bytes_of(&self, reference: &str) -> Result<(Vec<u8>, ContentDigest), RemoteProblem> {
        let answer = self.ask(&manifest(Method::GET, reference)).await?;
        let digest = ContentDigest::of(&answer.body);
        let named = answer.headers.get(DIGEST).map(HeaderValue::as_bytes);
        let wanted = reference.contains(':').then_some(reference.as_bytes());
        for expected in [named, wanted].into_iter().flatten() {
            if expected != digest.as_str().as_bytes() {
                let expected = String::from_utf8_lossy(expected);
                return Err(RemoteProblem::nonsense(format!(
                    "it is called `{expected}`, and is `{digest}`"
                )));
            }
        }
        Ok((answer.body, digest))
    }

    /// The digest behind a tag or digest.
    async fn digest_of(&self, reference: &str) -> Result<ContentDigest, RemoteProblem> {
        let answer = self.ask(&manifest(Method::HEAD, reference)).await?;
        match answer.headers.get(DIGEST) {
            Some(digest) => {
                let digest = digest.to_str().map_err(RemoteProblem::nonsense)?;
                digest.parse().map_err(RemoteProblem::nonsense)
            }
            None => Ok(self.bytes_of(reference).await?.1),
        }
    }

    /// A blob; its size and digest must be those of its descriptor.
    async fn blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, RemoteProblem> {
        let size = usize::try_from(descriptor.size()).ok();
        let size = size.filter(|size| *size <= MAX_CONFIG).ok_or_else(|| {
            let size = descriptor.size();
            RemoteProblem::nonsense(format!(
                "its config has {size} bytes, more than any image's"
            ))
        })?;
        let wanted = descriptor.digest().to_string();
        let question = Question {
            method: Method::GET,
            path: format!("blobs/{wanted}"),
            accept: &[],
            body: None,
            most: size,
        };
        let bytes = self.ask(&question).await?.body;
        let found = ContentDigest::of(&bytes);
        if found.as_str() != wanted {
            return Err(RemoteProblem::nonsense(format!(
                "`{wanted}` was asked for, and it is `{found}`"
            )));
        }
        Ok(bytes)
    }

    /// The path of the repository.
    pub(crate) fn path(&self) -> &str {
        self.image.path()
    }

    /// The address of the registry.
    pub(crate) fn address(&self) -> &str {
        self.session.address()
    }

    pub(crate) async fn ask(
        &self,
        question: &Question<'_>,
    ) -> Result<crate::session::Answer, RemoteProblem> {
        self.session.ask(self.image.path(), question).await
    }

    /// The tag or digest of the reference. A digest counts more than a tag.
    fn reference(&self) -> String {
        match (self.image.digest(), self.image.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.unwrap_or("latest").to_owned(),
        }
    }
}

/// The question for a manifest.
fn manifest(method: Method, reference: &str) -> Question<'static> {
    Question {
        method,
        path: format!("manifests/{reference}"),
        accept: &MEDIA_TYPES,
        body: None,
        most: MAX_MANIFEST,
    }
}

fn index_of((bytes, digest): (Vec<u8>, ContentDigest)) -> Result<RemoteIndex, RemoteProblem> {
    match Manifest::read(&bytes)? {
        Manifest::Index(index) => Ok(RemoteIndex::new(digest, *index)),
        Manifest::Image(_) => Err(RemoteProblem::Server {
            trouble: Some(Trouble::Missing),
            message: "it has no index".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
