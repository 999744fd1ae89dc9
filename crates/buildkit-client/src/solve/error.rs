//! The ways in which a solve can fail.

use std::error::Error;

use crate::address::Address;
use crate::session::ServiceError;
use crate::solve::BuildFailure;

/// The reason why [`Daemon::solve`](crate::Daemon::solve) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// The caller cancelled the call.
    #[error("the build was cancelled")]
    Cancelled,
    /// A step, a source or an exporter failed in the daemon.
    #[error(transparent)]
    Build(Box<BuildFailure>),
    /// A service on this side failed: a sink, a local directory, a secret.
    #[error(transparent)]
    Service(ServiceError),
    /// The build ended well, but an exporter never sent its archive.
    #[error("the daemon sent no archive for exporter {exporter}")]
    NothingExported {
        /// The exporter, counted from 0.
        exporter: usize,
    },
    /// The connection broke: the daemon ended, or the network did.
    #[error("the connection to `{address}` was lost while it was building")]
    Lost {
        /// The daemon's address.
        address: Address,
        /// The error of the innermost layer, such as `connection reset by peer`.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The daemon gave up the session, without which it can neither read files nor export.
    #[error("the daemon at `{address}` closed the session of the build")]
    SessionClosed {
        /// The daemon's address.
        address: Address,
    },
    /// The request is larger than what daemons take.
    #[error("the graph has {size} bytes, but the daemon takes at most {limit}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The largest.
        limit: usize,
    },
}

impl SolveError {
    /// Whether the same solve may well succeed when it is tried again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Build(failure) => failure.is_transient(),
            Self::Lost { .. } | Self::SessionClosed { .. } => true,
            Self::Cancelled
            | Self::Service(_)
            | Self::NothingExported { .. }
            | Self::TooLarge { .. } => false,
        }
    }
}
