//! What references stand for now: asked of the daemon, or straight of the registry when there is none.

mod daemon;
mod error;
mod git;
mod pin;
pub(crate) mod registry;
mod web;

use std::collections::BTreeMap;

use buildkit_client::{CancellationToken, Daemon, DockerConfig};
use catalog::{Commit, ContentDigest, GitSource, ImageRef, Platform};

pub use self::{
    error::{ResolveError, ResolveProblem},
    pin::{PinClash, Pinning},
};

/// An image as its registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The digest of what the reference names: of the index, when there is one.
    pub digest: ContentDigest,
    /// The JSON of the image's config, for each platform that was asked for.
    pub configs: BTreeMap<Platform, Vec<u8>>,
}

/// Who is asked.
#[derive(Debug)]
pub enum Resolver<'a> {
    /// The daemon, with its mirrors and certificates.
    Daemon {
        /// The daemon.
        daemon: &'a Daemon,
        /// What it may log in with.
        credentials: DockerConfig,
    },
    /// The registry or server itself.
    Direct {
        /// What to log in with.
        credentials: DockerConfig,
        /// Registries that speak plain HTTP, besides those on this machine.
        insecure: Vec<String>,
    },
}

impl Resolver<'_> {
    /// What an image reference stands for; at its digest, if it has one.
    pub async fn image(
        &self,
        image: &ImageRef,
        platforms: &[Platform],
        cancelled: &CancellationToken,
    ) -> Result<ResolvedImage, ResolveError> {
        let resolving = async {
            match self {
                Self::Daemon {
                    daemon,
                    credentials,
                } => daemon::image(daemon, credentials, image, platforms, cancelled).await,
                Self::Direct {
                    credentials,
                    insecure,
                } => registry::image(credentials, insecure, image, platforms).await,
            }
        };
        named(
            &image.familiar(),
            Box::pin(or_cancelled(resolving, cancelled)).await,
        )
    }

    /// The sha256 of what a URL serves.
    pub async fn http(
        &self,
        url: &str,
        cancelled: &CancellationToken,
    ) -> Result<ContentDigest, ResolveError> {
        let resolving = async {
            match self {
                Self::Daemon {
                    daemon,
                    credentials,
                } => daemon::http(daemon, credentials, url, cancelled).await,
                Self::Direct { .. } => web::sha256(url).await,
            }
        };
        named(url, Box::pin(or_cancelled(resolving, cancelled)).await)
    }

    /// The commit that a git ref stands for.
    pub async fn git(
        &self,
        source: &GitSource,
        cancelled: &CancellationToken,
    ) -> Result<Commit, ResolveError> {
        let resolving = async {
            match self {
                Self::Daemon {
                    daemon,
                    credentials,
                } => daemon::git(daemon, credentials, source, cancelled).await,
                Self::Direct { .. } => git::commit(source).await,
            }
        };
        named(
            &source.to_string(),
            Box::pin(or_cancelled(resolving, cancelled)).await,
        )
    }
}

fn named<T>(name: &str, resolved: Result<T, ResolveProblem>) -> Result<T, ResolveError> {
    resolved.map_err(|problem| ResolveError {
        name: name.to_owned(),
        problem,
    })
}

async fn or_cancelled<T>(
    resolving: impl Future<Output = Result<T, ResolveProblem>>,
    cancelled: &CancellationToken,
) -> Result<T, ResolveProblem> {
    tokio::select! {
        () = cancelled.cancelled() => Err(ResolveProblem::Cancelled),
        resolved = resolving => resolved,
    }
}
