//! The reasons why a call to a gateway fails.

use tonic::Status;

use crate::solve::BuildFailure;

/// The reasons why a call to a gateway fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The graph is larger than a message to the daemon may be.
    #[error("the graph has {size} bytes, and a daemon takes {limit} at most")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The most that a message may have, in bytes.
        limit: usize,
    },
    /// The daemon's message.
    #[error("{}", status.message())]
    Status {
        /// The daemon's answer.
        status: Box<Status>,
    },
    /// The connection to the daemon is not what was expected.
    #[error("stdin and stdout are not those of a frontend that BuildKit started")]
    NotAFrontend(#[source] tonic::transport::Error),
}

impl GatewayError {
    /// The daemon's report of a build that failed.
    pub fn failure(&self) -> Option<BuildFailure> {
        self.status().map(BuildFailure::from_status)
    }

    pub(crate) fn status(&self) -> Option<&Status> {
        match self {
            Self::Status { status } => Some(status),
            Self::TooLarge { .. } | Self::NotAFrontend(_) => None,
        }
    }
}

impl From<Status> for GatewayError {
    fn from(status: Status) -> Self {
        Self::Status {
            status: Box::new(status),
        }
    }
}
