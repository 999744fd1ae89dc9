//! FileSync: the daemon reads the declared parts of local directories.
//!
//! BuildKit: `fsSyncProvider` in `session/filesync/filesync.go`, over the transfer protocol of fsutil.

mod declared;
mod error;
mod filter;
mod follow;
mod made;
mod mode;
mod packet;
mod path;
mod pattern;
mod send;
mod tree;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::TaskTracker;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use self::packet::Packet;
use self::send::{Ask, Ended, Outgoing};
use super::headers;
use super::report::{Reporter, ServiceError};

pub use declared::{
    DeclaredFiles, Expected, LocalDir, MadeDir, MadeFile, MadePart, MakeFile, RelPath, RelPathError,
};
pub use error::FileSyncError;
pub use pattern::PatternError;

/// The method that the daemon calls.
pub(super) const DIFF_COPY: &str = "/moby.filesync.v1.FileSync/DiffCopy";

/// Packets that wait for the connection. With pieces of 256 KiB that is 2 MiB.
const QUEUE: usize = 8;

/// The local directories of a solve.
pub(crate) struct FileSync {
    locals: BTreeMap<String, Arc<LocalDir>>,
    reporter: Reporter,
    work: TaskTracker,
}

type Packets = ReceiverStream<Result<Packet, Status>>;

impl FileSync {
    pub(crate) fn new(locals: Vec<LocalDir>, reporter: Reporter, work: TaskTracker) -> Self {
        let locals = locals
            .into_iter()
            .map(|local| (local.name.clone(), Arc::new(local)))
            .collect();
        Self {
            locals,
            reporter,
            work,
        }
    }

    /// Answers at once; the transfer goes on in the background.
    pub(super) fn diff_copy(
        self: Arc<Self>,
        request: Request<Streaming<Packet>>,
    ) -> Result<Response<Packets>, Status> {
        let name = texts(request.metadata(), headers::DIR_NAME)
            .into_iter()
            .next()
            .unwrap_or_default();
        let local = self.locals.get(&name).cloned();
        let local =
            local.ok_or_else(|| Status::not_found(format!("no access allowed to dir `{name}`")))?;
        let ask = Ask {
            include: texts(request.metadata(), headers::INCLUDE_PATTERNS),
            exclude: texts(request.metadata(), headers::EXCLUDE_PATTERNS),
            follow: texts(request.metadata(), headers::FOLLOW_PATHS),
        };
        let (out, packets) = mpsc::channel(QUEUE);
        let work = self.work.clone();
        work.spawn(self.transfer(local, ask, request.into_inner(), out));
        Ok(Response::new(ReceiverStream::new(packets)))
    }

    async fn transfer(
        self: Arc<Self>,
        local: Arc<LocalDir>,
        ask: Ask,
        incoming: Streaming<Packet>,
        out: Outgoing,
    ) {
        let name = local.name.clone();
        let Err(ended) = send::run(local, ask, incoming, out.clone(), &self.work).await else {
            return;
        };
        let status = match ended {
            Ended::Gone => return,
            Ended::Failed(source) => {
                let message = source.to_string();
                self.reporter.report(ServiceError::Local { name, source });
                // The daemon gets the error twice, as from BuildKit's own client; it may be gone already.
                let _heard = out.send(Ok(Packet::error(message.clone()))).await;
                Status::failed_precondition(message)
            }
            Ended::Receiver(message) => Status::aborted(format!("error from receiver: {message}")),
            Ended::Protocol(what) => Status::invalid_argument(format!("invalid request: {what}")),
            Ended::Panicked => Status::internal("the transfer panicked"),
        };
        let _heard = out.send(Err(status)).await;
    }
}

/// The values of a header as text; patterns that are not UTF-8 could only match names that no pattern can spell.
fn texts(metadata: &MetadataMap, key: &'static str) -> Vec<String> {
    let values = headers::values(metadata, key).into_iter();
    values
        .map(|value| String::from_utf8_lossy(&value).into_owned())
        .collect()
}
