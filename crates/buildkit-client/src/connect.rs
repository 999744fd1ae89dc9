//! Opening the connection: dialling, TLS, and a first call that only a buildkitd answers.

mod diagnose;
mod dial;
mod error;
mod program;

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::address::Address;
use crate::daemon::{Daemon, DaemonInfo};
use crate::rpc;
use crate::tls::{TlsError, TlsFiles};

pub use error::ConnectError;

/// The way to a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The daemon's address.
    pub address: Address,
    /// The TLS files; `None` speaks plain text.
    pub tls: Option<TlsFiles>,
    /// The time limit of dialling, TLS and the first answer together; 5 s by default, as `buildctl --timeout`.
    pub timeout: Duration,
    /// The time after which a daemon that is silent during a call is sent a ping, and the time that it has to answer
    /// it; 10 s by default. So a peer that vanished without closing (a pulled cable, a dropped NAT entry) is noticed
    /// after twice this time.
    pub keep_alive: Duration,
}

impl ConnectOptions {
    /// Plain text, with a timeout of 5 s and pings after 10 s.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            tls: None,
            timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(10),
        }
    }

    /// The same with TLS, if there are files for it.
    pub fn with_tls(self, tls: Option<TlsFiles>) -> Self {
        Self { tls, ..self }
    }

    /// The same with another timeout.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same with another time before pings.
    pub fn with_keep_alive(self, keep_alive: Duration) -> Self {
        Self { keep_alive, ..self }
    }
}

/// The target of all dials of one [`Daemon`]: the options, and the TLS files, loaded.
pub(crate) struct Target {
    pub(crate) options: ConnectOptions,
    pub(crate) tls: Option<Tls>,
}

/// Loaded TLS.
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) server_name: String,
    pub(crate) files: TlsFiles,
}

impl Daemon {
    /// Connects, and asks the daemon for its version.
    ///
    /// Every error tells the reason within the timeout, however far the connection came. Failures before the first
    /// answer (a daemon that speaks TLS and is spoken to in plain text, a refused client certificate) are looked into,
    /// and not reported as a closed connection.
    pub async fn connect(options: ConnectOptions) -> Result<Self, ConnectError> {
        let target = Arc::new(Target::load(options)?);
        let limit = target.options.timeout;
        match timeout(limit, connect(&target)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(ConnectError::Timeout {
                address: target.options.address.clone(),
                limit,
            }),
        }
    }
}

impl Target {
    fn load(options: ConnectOptions) -> Result<Self, ConnectError> {
        let tls = options
            .tls
            .as_ref()
            .map(|files| Tls::load(files, &options.address))
            .transpose()?;
        Ok(Self { options, tls })
    }
}

impl Tls {
    fn load(files: &TlsFiles, address: &Address) -> Result<Self, TlsError> {
        let config = files.load()?;
        let given = files.server_name.as_deref().or(address.host());
        let server_name = given.ok_or(TlsError::NoServerName)?.to_owned();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server_name,
            files: files.clone(),
        })
    }
}

async fn connect(target: &Arc<Target>) -> Result<Daemon, ConnectError> {
    let stream = dial::dial(target).await?;
    let (trace, said) = (stream.trace(), stream.said());
    let channel = open_channel(target, stream);
    match rpc::info(&channel).await {
        Ok(answer) => {
            let info = DaemonInfo::from_proto(answer.buildkit_version.unwrap_or_default());
            Ok(Daemon::new(channel, target.options.address.clone(), info))
        }
        Err(status) => {
            let error = diagnose::first_answer(target, &trace, status).await;
            Err(diagnose::ended_program(error, said).await)
        }
    }
}

/// HTTP/2 over `stream`, and over a new stream whenever the connection was lost.
fn open_channel(target: &Arc<Target>, stream: dial::Stream) -> Channel {
    let mut first = Some(stream);
    let keep_alive = target.options.keep_alive;
    let target = Arc::clone(target);
    let connector = tower::service_fn(move |_uri: Uri| {
        let first = first.take();
        let target = Arc::clone(&target);
        async move {
            match first {
                Some(stream) => Ok(TokioIo::new(stream)),
                None => dial::dial(&target).await.map(TokioIo::new),
            }
        }
    });
    endpoint(keep_alive).connect_with_connector_lazy(connector)
}

fn endpoint(keep_alive: Duration) -> Endpoint {
    // The name is only the `:authority` header: the connector above dials. Windows and sizes: see `rpc`.
    Endpoint::from_static("http://buildkitd")
        .initial_stream_window_size(rpc::STREAM_WINDOW)
        .initial_connection_window_size(rpc::CONNECTION_WINDOW)
        .http2_max_header_list_size(rpc::MAX_HEADER_LIST)
        // Pings go out only after silence, and a daemon asks a session for its health every 5 s: so there are hardly
        // any, which keeps below the rate that grpc-go punishes.
        .http2_keep_alive_interval(keep_alive)
        .keep_alive_timeout(keep_alive)
}
