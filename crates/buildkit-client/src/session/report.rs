//! Errors on this side while the daemon is served.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::content::BlobError;
use super::filesync::FileSyncError;
use super::secrets::SecretError;
use crate::export::SinkError;

/// A service of the session failed, for a reason on this side.
///
/// The daemon only gets a gRPC status; the caller gets this error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The sink of an exporter failed.
    #[error("what the daemon exports could not be written")]
    Sink {
        /// The exporter, counted from 0 in its solve.
        exporter: usize,
        /// The sink's own error.
        #[source]
        source: SinkError,
    },
    /// A local directory could not be sent.
    #[error("local directory `{name}` could not be sent")]
    Local {
        /// The name under which the graph asks for it.
        name: String,
        /// Why.
        #[source]
        source: FileSyncError,
    },
    /// A blob of an OCI layout could not be sent.
    #[error("blob `{digest}` of an OCI layout could not be sent")]
    Content {
        /// Its digest.
        digest: String,
        /// Why.
        #[source]
        source: BlobError,
    },
    /// A secret could not be read.
    #[error("secret `{id}` could not be sent")]
    Secret {
        /// Its id.
        id: String,
        /// Why.
        #[source]
        source: SecretError,
    },
}

/// Reports the first [`ServiceError`] to the caller of the solve; later ones are its consequences.
#[derive(Debug, Clone)]
pub(crate) struct Reporter(Arc<mpsc::Sender<ServiceError>>);

impl Reporter {
    /// A reporter, and the receiver of its report.
    pub(crate) fn new() -> (Self, mpsc::Receiver<ServiceError>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self(Arc::new(sender)), receiver)
    }

    pub(crate) fn report(&self, error: ServiceError) {
        // A full queue holds an earlier error already; a closed one belongs to a solve that is over.
        let _first_wins = self.0.try_send(error);
    }
}
