//! The gateway: the calls of a frontend to a build that waits for its result (`LLBBridge`), over two ways.
//!
//! A solve with neither definition nor frontend waits for its client to return a result; until then the daemon answers
//! on its control connection to whoever names that solve (`Client.Build` in BuildKit's `client/build.go`). A frontend
//! inside its container has the same service on stdin and stdout.

mod error;
mod file;
mod resolve;
mod result;
mod stdio;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::progress::VertexDigest;
use crate::rpc;

pub use error::GatewayError;
pub use file::{FileKind, FileStat};
pub use resolve::{ResolveAccess, ResolveError, SourceAnswer, SourceQuery};
pub use result::{BuildResult, ResultPart};
pub use stdio::GatewayPlatform;

/// The time limit for the daemon to take up a solve that its client leads. Since v0.18, the first call waits for that,
/// for 3 s at most; a busy machine may need longer.
const REGISTRATION_LIMIT: Duration = Duration::from_secs(15);

/// The pause between two tries to reach a solve that is not taken up yet.
const REGISTRATION_PAUSE: Duration = Duration::from_millis(20);

/// A build that waits for its result.
#[derive(Debug, Clone)]
pub struct Gateway {
    channel: Channel,
    /// The id of the build, on a connection that is not the build's own.
    build: Option<String>,
}

/// A file system that the daemon has, or will make when it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference(wire::Ref);

/// A cache that a solve may read, in the terms of `buildctl --import-cache`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CacheImport {
    /// The kind of the cache.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its attributes, which say where it is.
    #[serde(default)]
    pub attrs: BTreeMap<String, String>,
}

/// A graph that the daemon is to solve.
#[derive(Debug, Clone, Default)]
pub struct GraphRequest {
    /// The graph: an encoded `pb.Definition`.
    pub definition: Bytes,
    /// The caches that may be read.
    pub cache_imports: Vec<CacheImport>,
    /// Whether the graph is solved before the answer comes, so that its errors are in the answer; else it is solved
    /// when something needs it.
    pub evaluate: bool,
}

impl Gateway {
    /// The gateway of the build `build`, once the daemon has taken it up.
    pub(crate) async fn registered(
        channel: Channel,
        build: String,
    ) -> Result<Self, Option<Status>> {
        let build = Some(build);
        let gateway = Self { channel, build };
        let until = Instant::now() + REGISTRATION_LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let ping = gateway.call::<_, wire::Pong>(wire::PING, wire::ping());
            match timeout(left, ping).await {
                Ok(Ok(_)) => return Ok(gateway),
                Ok(Err(status)) if is_unregistered(&status) && !left.is_zero() => {
                    sleep(REGISTRATION_PAUSE).await;
                }
                Ok(Err(status)) => return Err(Some(status)),
                Err(_elapsed) => return Err(None),
            }
        }
    }

    /// As [`registered`](Self::registered), with a time limit.
    pub(crate) async fn of_build(channel: Channel, build: String) -> Result<Self, GatewayError> {
        let slow = || {
            let seconds = REGISTRATION_LIMIT.as_secs();
            let text = format!("the daemon did not take up the build within {seconds} s");
            Status::deadline_exceeded(text)
        };
        let gateway = Self::registered(channel, build).await;
        gateway.map_err(|status| status.unwrap_or_else(slow).into())
    }

    /// The names of the capabilities of graphs that the daemon has, as `solver/pb/caps.go` spells them.
    pub async fn graph_capabilities(&self) -> Result<Vec<String>, GatewayError> {
        let pong: wire::Pong = self.call(wire::PING, wire::ping()).await?;
        Ok(wire::enabled(pong.llb_caps))
    }

    /// Has a graph solved. A graph without files has no reference.
    pub async fn solve(&self, request: GraphRequest) -> Result<Option<Reference>, GatewayError> {
        let size = request.definition.len();
        if size > rpc::MAX_MESSAGE {
            let limit = rpc::MAX_MESSAGE;
            return Err(GatewayError::TooLarge { size, limit });
        }
        let response: wire::SolveResponse = self.call(wire::SOLVE, wire::solve(request)).await?;
        Ok(wire::reference(response).map(Reference))
    }

    /// The graphs that the client gives by name, each an encoded `pb.Definition`: the results of other targets of a
    /// bake, or a context that is a graph.
    pub async fn inputs(&self) -> Result<BTreeMap<String, Vec<u8>>, GatewayError> {
        let response: wire::InputsResponse = self.call(wire::INPUTS, wire::inputs()).await?;
        Ok(response.definitions)
    }

    /// Warns the user, about a vertex of the graph.
    pub async fn warn(&self, vertex: &VertexDigest, text: &str) -> Result<(), GatewayError> {
        let _: wire::Warned = self.call(wire::WARN, wire::warning(vertex, text)).await?;
        Ok(())
    }

    /// Ends the build with its result.
    pub async fn give_back(&self, result: BuildResult) -> Result<(), GatewayError> {
        let returned = result.into_wire()?;
        let _: wire::Returned = self.call(wire::RETURN, returned).await?;
        Ok(())
    }

    /// Ends the build with an error. The daemon's details about a step (its place in the sources, its exit code) go
    /// with the `message`.
    pub async fn fail(
        &self,
        message: String,
        cause: Option<&GatewayError>,
    ) -> Result<(), GatewayError> {
        let returned = wire::failed(message, cause.and_then(GatewayError::status));
        let _: wire::Returned = self.call(wire::RETURN, returned).await?;
        Ok(())
    }

    async fn call<Q, A>(&self, path: &'static str, request: Q) -> Result<A, Status>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        rpc::gateway(&self.channel, self.build.as_deref(), path, request).await
    }
}

/// The daemon does not know the solve yet (`solver/errdefs.UnknownJobError`).
fn is_unregistered(status: &Status) -> bool {
    let message = status.message();
    matches!(
        status.code(),
        Code::Unknown | Code::NotFound | Code::DeadlineExceeded
    ) && [
        "no such job",
        "unknown job",
        "not found",
        "deadline exceeded",
    ]
    .iter()
    .any(|words| message.contains(words))
}
