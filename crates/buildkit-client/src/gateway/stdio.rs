//! The connection of a frontend in its container: gRPC over stdin and stdout.

use std::time::Duration;
use std::{env, io};

use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{join, stdin, stdout};
use tokio::time::timeout;
use tonic::Status;
use tonic::transport::{Endpoint, Uri};
use tower::service_fn;

use super::{Gateway, GatewayError, wire};
use crate::rpc;

/// The time limit of the daemon's first answer.
const PING_LIMIT: Duration = Duration::from_secs(15);

/// A platform that a worker of the daemon builds for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GatewayPlatform {
    /// The operating system.
    pub os: String,
    /// The architecture.
    pub architecture: String,
    /// The architecture's variant; empty for none.
    #[serde(default)]
    pub variant: String,
}

#[derive(Deserialize)]
struct Worker {
    #[serde(rename = "platforms", alias = "Platforms", default)]
    platforms: Vec<GatewayPlatform>,
}

impl Gateway {
    /// The gateway of the build whose frontend is this process.
    pub async fn stdio() -> Result<Self, GatewayError> {
        // This host name is never looked up.
        let endpoint = Endpoint::from_static("http://localhost")
            .initial_stream_window_size(rpc::STREAM_WINDOW)
            .initial_connection_window_size(rpc::CONNECTION_WINDOW)
            .http2_max_header_list_size(rpc::MAX_HEADER_LIST);
        let connect = |_: Uri| async { Ok::<_, io::Error>(TokioIo::new(join(stdin(), stdout()))) };
        let channel = endpoint
            .connect_with_connector(service_fn(connect))
            .await
            .map_err(GatewayError::NotAFrontend)?;
        let gateway = Self {
            channel,
            build: None,
        };
        let ping = gateway.call::<_, wire::Pong>(wire::PING, wire::ping());
        let silent = |_elapsed| {
            let seconds = PING_LIMIT.as_secs();
            Status::deadline_exceeded(format!("the daemon said nothing for {seconds} s"))
        };
        timeout(PING_LIMIT, ping).await.map_err(silent)??;
        Ok(gateway)
    }

    /// The options of the build whose frontend is this process, as names with values.
    pub fn stdio_options() -> Vec<(String, String)> {
        let is_option = |name: &str| name.starts_with("BUILDKIT_FRONTEND_OPT_");
        env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| is_option(name))
            .filter_map(|(_, option)| {
                let (name, value) = option.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// The session whose files may be read by the build whose frontend is this process.
    pub fn stdio_session() -> Option<String> {
        env::var("BUILDKIT_SESSION_ID").ok()
    }

    /// The platforms that the daemon builds for, its own first.
    pub fn stdio_platforms() -> Vec<GatewayPlatform> {
        let workers = env::var("BUILDKIT_WORKERS").unwrap_or_default();
        let workers: Vec<Worker> = serde_json::from_str(&workers).unwrap_or_default();
        let platforms = workers.into_iter().next();
        platforms.map(|worker| worker.platforms).unwrap_or_default()
    }
}
