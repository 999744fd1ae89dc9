//! Resolving names through the daemon.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::Channel;

use super::{BuildResult, Gateway, GatewayError, REGISTRATION_LIMIT, wire};
use crate::address::Address;
use crate::daemon::{CallError, Daemon};
use crate::random::random_id;
use crate::rpc;
use crate::session::auth::Logins;
use crate::session::secrets::Secrets;
use crate::session::{Reporter, SessionId};
use crate::solve::{Solve, SolveError, prepare};

/// The time limit of one answer. Registries are slow at times, but one that answers at all does so within it.
const ANSWER_LIMIT: Duration = Duration::from_mins(2);

/// The time limit for the daemon to end a solve that has returned.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A name that the daemon is to resolve, with its own mirrors and certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceQuery {
    /// An image for a platform.
    Image {
        /// The complete reference.
        reference: String,
        /// The client's store of OCI layouts that has the image; `None` if it is in a registry.
        store: Option<String>,
        /// The operating system.
        os: String,
        /// The architecture.
        architecture: String,
        /// The architecture's variant; empty for none.
        variant: String,
    },
    /// A URL or a git ref, as in the source vertex of a graph.
    Source {
        /// The name for messages.
        name: String,
        /// The source's identifier.
        identifier: String,
        /// Its attributes.
        attrs: std::collections::BTreeMap<String, String>,
    },
}

/// The answer to a [`SourceQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceAnswer {
    /// An image.
    Image {
        /// The digest that the reference stands for: of the index if there is one, else of the manifest.
        digest: String,
        /// The JSON of the config for the platform.
        config: Vec<u8>,
    },
    /// A URL: the digest of its content.
    Http(String),
    /// A git ref: the commit.
    Git(String),
}

/// The reason why the daemon cannot resolve a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The caller cancelled the call.
    #[error("it was cancelled")]
    Cancelled,
    /// The session could not be opened, or broke.
    #[error(transparent)]
    Solve(SolveError),
    /// The daemon answered with an error.
    #[error("the daemon cannot say what `{name}` stands for: {message}")]
    Refused {
        /// The name.
        name: String,
        /// The daemon's message.
        message: String,
    },
    /// The connection broke.
    #[error(transparent)]
    Lost(CallError),
    /// The daemon took too long.
    #[error("the daemon at `{address}` did not say within {} s what `{name}` stands for", limit.as_secs())]
    Slow {
        /// The daemon's address.
        address: Address,
        /// The name.
        name: String,
        /// The time limit.
        limit: Duration,
    },
    /// The daemon is too old for this kind of source, or its answer is of another kind.
    #[error("the daemon at `{address}` does not say what `{name}` stands for")]
    NoAnswer {
        /// The daemon's address.
        address: Address,
        /// The name.
        name: String,
    },
}

/// The credentials that the daemon gets while it resolves names.
#[derive(Debug, Clone, Default)]
pub struct ResolveAccess {
    /// At registries.
    pub auth: Logins,
    /// At git servers: the tokens and headers that git sources name.
    pub secrets: Secrets,
}

impl Daemon {
    /// Has the daemon resolve names. The answers are in the order of the queries.
    pub async fn resolve(
        &self,
        queries: &[SourceQuery],
        access: ResolveAccess,
        cancel: &CancellationToken,
    ) -> Result<Vec<SourceAnswer>, ResolveError> {
        let (reporter, _reports) = Reporter::new();
        let solve = Solve::waiting()
            .with_auth(access.auth)
            .with_secrets(access.secrets);
        let (mut request, services) = prepare(solve, reporter);
        request.reference = random_id();
        let session = tokio::select! {
            () = cancel.cancelled() => return Err(ResolveError::Cancelled),
            session = self.open_session(SessionId::random(), "", services) => session.map_err(ResolveError::Solve)?,
        };
        request.session = session.id().to_owned();
        let asked = Asked {
            channel: self.channel().clone(),
            address: self.address().clone(),
            build: request.reference.clone(),
        };
        let answers = tokio::select! {
            () = cancel.cancelled() => Err(ResolveError::Cancelled),
            answers = asked.run(request, queries) => answers,
        };
        session.close().await;
        answers
    }
}

/// A solve that exists only to answer questions.
struct Asked {
    channel: Channel,
    address: Address,
    build: String,
}

impl Asked {
    /// The solve and the questions run side by side; the solve ends only when it is told to, or when it fails.
    async fn run(
        &self,
        request: rpc::SolveRequest,
        queries: &[SourceQuery],
    ) -> Result<Vec<SourceAnswer>, ResolveError> {
        let mut solving = pin!(rpc::solve(&self.channel, request));
        let mut asking = pin!(self.ask(queries));
        let answers = tokio::select! {
            biased;
            answers = &mut asking => answers?,
            ended = &mut solving => {
                let name = queries.first().map(SourceQuery::name).unwrap_or_default();
                return match ended {
                    Err(status) => Err(self.error(&name, &status)),
                    // The daemon may report the end of the solve before it answers the call that returned the result.
                    Ok(_) => timeout(END_LIMIT, asking).await.unwrap_or_else(|_elapsed| {
                        let address = self.address.clone();
                        Err(ResolveError::NoAnswer { address, name })
                    }),
                };
            }
        };
        // All answers are there. A daemon that does not end the solve now is not waited for.
        let _ended = timeout(END_LIMIT, solving).await;
        Ok(answers)
    }

    async fn ask(&self, queries: &[SourceQuery]) -> Result<Vec<SourceAnswer>, ResolveError> {
        let gateway = self.wait(queries).await?;
        let mut answers = Vec::new();
        for query in queries {
            let name = query.name();
            let answer = timeout(ANSWER_LIMIT, gateway.look_up(query)).await;
            let answer = answer.map_err(|_elapsed| ResolveError::Slow {
                address: self.address.clone(),
                name: name.clone(),
                limit: ANSWER_LIMIT,
            })?;
            let answer = answer.map_err(|error| match error {
                GatewayError::Status { status } => self.error(&name, &status),
                error => ResolveError::Refused {
                    name: name.clone(),
                    message: error.to_string(),
                },
            })?;
            answers.push(answer.ok_or_else(|| ResolveError::NoAnswer {
                address: self.address.clone(),
                name,
            })?);
        }
        // This fails only if the solve has ended already, which is what is wanted.
        let returning = gateway.give_back(BuildResult::Nothing);
        let _returned = timeout(END_LIMIT, returning).await;
        Ok(answers)
    }

    /// Waits until the daemon has taken up the solve.
    async fn wait(&self, queries: &[SourceQuery]) -> Result<Gateway, ResolveError> {
        let name = queries.first().map(SourceQuery::name).unwrap_or_default();
        match Gateway::registered(self.channel.clone(), self.build.clone()).await {
            Ok(gateway) => Ok(gateway),
            Err(Some(status)) => Err(self.error(&name, &status)),
            Err(None) => Err(ResolveError::Slow {
                address: self.address.clone(),
                name,
                limit: REGISTRATION_LIMIT,
            }),
        }
    }

    fn error(&self, name: &str, status: &Status) -> ResolveError {
        match CallError::new(&self.address, status) {
            lost @ CallError::Lost { .. } => ResolveError::Lost(lost),
            CallError::Refused { message, .. } => ResolveError::Refused {
                name: name.to_owned(),
                message,
            },
        }
    }
}

impl Gateway {
    /// The answer for one name; `None` if the daemon is too old for this kind of source.
    pub async fn look_up(&self, query: &SourceQuery) -> Result<Option<SourceAnswer>, GatewayError> {
        match query {
            SourceQuery::Image { .. } => {
                let config: wire::ImageConfig = self
                    .call(wire::RESOLVE_IMAGE_CONFIG, wire::image(query))
                    .await?;
                Ok(wire::image_answer(config))
            }
            SourceQuery::Source {
                identifier, attrs, ..
            } => {
                let request = wire::source(identifier, attrs);
                let meta: wire::SourceMeta = self.call(wire::RESOLVE_SOURCE_META, request).await?;
                Ok(wire::source_answer(meta))
            }
        }
    }
}

impl SourceQuery {
    /// The name for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Image { reference, .. } => reference.clone(),
            Self::Source { name, .. } => name.clone(),
        }
    }
}
