//! Answers to what references stand for now: from the daemon, or straight from the registry when there is none.

mod daemon;
mod error;
mod git;

use buildkit_client::{CancellationToken, Daemon};
use catalog::{Commit, ContentDigest, GitSource, ImageRef, Platform};

use registry::{Patience, RegistryAccess, RemoteImage, RemoteProblem};

pub use self::error::{ResolveError, ResolveProblem};
pub(crate) use self::git::host;
pub use crate::pinning::{PinClash, Pinning, Resolve, ResolvedImage};

use crate::{again::again, names::TaggedName, secrets::LoadedSecrets, source_failure::SourceKind};

/// The source of answers.
#[derive(Debug)]
pub enum Resolver<'a> {
    /// The daemon, with its mirrors and certificates.
    Daemon {
        /// The daemon.
        daemon: &'a Daemon,
        /// The logins at registries; the daemon gets those that a question needs.
        access: &'a RegistryAccess,
        /// The tokens for git servers; the daemon gets those that a question needs.
        secrets: &'a LoadedSecrets,
    },
    /// The registry or server itself.
    Direct {
        /// The logins at registries.
        access: &'a RegistryAccess,
        /// The tokens for git servers.
        secrets: &'a LoadedSecrets,
    },
}

/// Questions that the user may interrupt.
#[derive(Debug)]
pub struct Asking<'a> {
    /// The source of answers.
    pub resolver: &'a Resolver<'a>,
    /// Cancelled when the user gives up.
    pub cancelled: &'a CancellationToken,
}

impl Resolve for Asking<'_> {
    type Error = ResolveError;

    async fn image(
        &self,
        image: &ImageRef,
        platforms: &[Platform],
    ) -> Result<ResolvedImage, ResolveError> {
        let name = image.familiar();
        let resolving = async {
            match self.resolver {
                Resolver::Daemon { daemon, access, .. } => {
                    self.patiently(&name, || {
                        daemon::image(daemon, access, image, platforms, self.cancelled)
                    })
                    .await
                }
                // Its session with the registry is patient.
                Resolver::Direct { access, .. } => direct(access, image, platforms).await,
            }
        };
        about(SourceKind::Image, &name, resolving, self.cancelled).await
    }

    async fn http(&self, url: &str, address: &str) -> Result<ContentDigest, ResolveError> {
        let resolving = async {
            match self.resolver {
                Resolver::Daemon { daemon, .. } => {
                    self.patiently(url, || daemon::http(daemon, address, self.cancelled))
                        .await
                }
                Resolver::Direct { .. } => {
                    Ok(registry::sha256_of_url(address, self.patience()).await?)
                }
            }
        };
        about(SourceKind::Download, url, resolving, self.cancelled).await
    }

    async fn git(&self, source: &GitSource) -> Result<Commit, ResolveError> {
        let name = source.to_string();
        let asking = async || match self.resolver {
            Resolver::Daemon {
                daemon, secrets, ..
            } => daemon::git(daemon, secrets, source, self.cancelled).await,
            Resolver::Direct { secrets, .. } => {
                Ok(git::commit(source, secrets, self.patience()).await?)
            }
        };
        let resolving = self.patiently(&name, asking);
        about(SourceKind::Git, &name, resolving, self.cancelled).await
    }

    fn nonsense(&self, name: &str, what: String) -> ResolveError {
        ResolveError {
            name: name.to_owned(),
            kind: SourceKind::Image,
            problem: RemoteProblem::nonsense(what).into(),
        }
    }
}

impl Asking<'_> {
    fn patience(&self) -> &Patience {
        let (Resolver::Daemon { access, .. } | Resolver::Direct { access, .. }) = self.resolver;
        access.sessions.patience()
    }

    /// The answer of a daemon or of git, asked for again while its failures may well go away.
    async fn patiently<T, F: Future<Output = Result<T, ResolveProblem>>>(
        &self,
        name: &str,
        asking: impl Fn() -> F,
    ) -> Result<T, ResolveProblem> {
        let patience = self.patience();
        let tell = |problem: &ResolveProblem, which: &str| {
            patience.tell(format!("asking again for `{name}` ({which}): {problem}"));
        };
        again(
            patience,
            self.cancelled,
            ResolveProblem::is_worth_another_try,
            tell,
            asking,
        )
        .await
    }
}

/// The image, as the registry itself describes it.
async fn direct(
    access: &RegistryAccess,
    image: &ImageRef,
    platforms: &[Platform],
) -> Result<ResolvedImage, ResolveProblem> {
    let image = RemoteImage::of(image, access).await?;
    Ok(image.resolved(platforms).await?)
}

/// The answer of a registry about the image `name`, unless the user gives up before.
pub(crate) fn named<T>(
    name: &str,
    asking: impl Future<Output = Result<T, RemoteProblem>> + Send,
    cancelled: &CancellationToken,
) -> impl Future<Output = Result<T, ResolveError>> + Send {
    about(SourceKind::Image, name, asking, cancelled)
}

/// The answer about the source `name`, unless the user gives up before.
fn about<T, E: Into<ResolveProblem>>(
    kind: SourceKind,
    name: &str,
    asking: impl Future<Output = Result<T, E>> + Send,
    cancelled: &CancellationToken,
) -> impl Future<Output = Result<T, ResolveError>> + Send {
    // The futures of clients are large.
    let asking = Box::pin(asking);
    async move {
        let answer = tokio::select! {
            () = cancelled.cancelled() => Err(ResolveProblem::Cancelled),
            answer = asking => answer.map_err(Into::into),
        };
        answer.map_err(|problem| ResolveError {
            name: name.to_owned(),
            kind,
            problem,
        })
    }
}

/// The image `name` in its registry.
pub(crate) async fn remote(
    name: &TaggedName,
    access: &RegistryAccess,
) -> Result<RemoteImage, RemoteProblem> {
    RemoteImage::of(name.image(), access).await
}
