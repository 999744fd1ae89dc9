//! The session: services that the daemon calls back while it builds.
//!
//! A session is a gRPC stream of byte messages; inside it the daemon speaks HTTP/2 as a client and we as the server,
//! with one service a module. It is opened before the solve that needs it, and closed with it.

pub(crate) mod auth;
pub(crate) mod content;
pub(crate) mod filesend;
pub(crate) mod filesync;
mod headers;
mod health;
mod opening;
mod report;
pub(crate) mod secrets;
mod service;
pub(crate) mod ssh;
mod tunnel;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tonic::Status;
use tonic::transport::Channel;

use crate::random::random_id;
use crate::rpc;

pub(crate) use report::Reporter;
pub use report::ServiceError;
pub(crate) use service::Services;

/// The id of a session. It is known before the session is opened, so that a graph can be bound to it. It is random,
/// since everybody who knows it can use the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    /// A new one.
    pub fn random() -> Self {
        Self(random_id())
    }

    /// The id as graphs and requests have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An open session.
///
/// Dropping it closes the stream, which ends every call that the daemon has open.
pub(crate) struct Session {
    id: SessionId,
    ended: CancellationToken,
    server: AbortOnDropHandle<()>,
    work: TaskTracker,
}

impl Session {
    /// Opens a session on which the daemon can call `services`. Returns when the daemon has accepted it.
    pub(crate) async fn open(
        channel: &Channel,
        id: SessionId,
        shared_key: &str,
        services: Services,
    ) -> Result<Self, Status> {
        let headers = headers::of_session(id.as_str(), shared_key, &service::METHODS)?;
        let (outgoing, messages) = tunnel::outgoing();
        let incoming = rpc::session(channel, headers, messages).await?;
        let work = services.work();
        let ended = CancellationToken::new();
        let server = service::serve(tunnel::Tunnel::new(incoming, outgoing), Arc::new(services));
        let end = ended.clone().drop_guard();
        let server = AbortOnDropHandle::new(tokio::spawn(async move {
            let _end = end;
            server.await;
        }));
        Ok(Self {
            id,
            ended,
            server,
            work,
        })
    }

    /// The id under which solves refer to it.
    pub(crate) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Resolves when the session ended by itself: the connection broke, or the daemon gave it up.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Closes the session and waits until no thread works for it any more.
    pub(crate) async fn close(self) {
        drop(self.server);
        self.work.close();
        self.work.wait().await;
    }
}
