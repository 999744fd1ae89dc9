//! FileSend: the daemon sends an export, and a sink takes it.
//!
//! BuildKit: `SyncTarget` in `session/filesync/filesync.go`.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use tonic::metadata::{KeyAndValueRef, MetadataMap};
use tonic::{Request, Response, Status, Streaming};

use super::headers;
use super::report::{Reporter, ServiceError};
use crate::export::{SinkError, TarSink};
use crate::rpc::BytesMessage;

/// The method that the daemon calls.
pub(super) const DIFF_COPY: &str = "/moby.filesync.v1.FileSend/DiffCopy";

/// Messages that wait for the sink. BuildKit's are 4 to 32 KiB, at most 3 MiB.
const QUEUE: usize = 8;

/// The sinks of a solve, by the number of their exporter.
pub(crate) struct FileSend {
    sinks: Mutex<BTreeMap<usize, Box<dyn TarSink>>>,
    reporter: Reporter,
    work: TaskTracker,
}

/// The daemon's answer to an archive that was taken has no messages.
type Done = tokio_stream::Empty<Result<BytesMessage, Status>>;

/// The sink's thread ended without a result.
#[derive(Debug, thiserror::Error)]
#[error("the sink panicked")]
struct Panicked;

impl FileSend {
    pub(crate) fn new(
        sinks: BTreeMap<usize, Box<dyn TarSink>>,
        reporter: Reporter,
        work: TaskTracker,
    ) -> Self {
        Self {
            sinks: Mutex::new(sinks),
            reporter,
            work,
        }
    }

    /// Drops the sinks that got nothing, so that none of them outlives its solve, and returns the number of the first
    /// one.
    pub(crate) fn drop_unused(&self) -> Option<usize> {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *sinks).into_keys().next()
    }

    pub(super) async fn diff_copy(
        self: Arc<Self>,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Done>, Status> {
        let exporter = exporter_id(request.metadata())?;
        let sink = self.take(exporter)?;
        let metadata = exporter_metadata(request.metadata());
        match self.receive(sink, metadata, request.into_inner()).await {
            Ok(()) => Ok(Response::new(tokio_stream::empty())),
            Err(Interrupted::Daemon(status)) => Err(status),
            Err(Interrupted::Sink(source)) => {
                let status =
                    Status::aborted(format!("the client could not write the export: {source}"));
                self.reporter
                    .report(ServiceError::Sink { exporter, source });
                Err(status)
            }
        }
    }

    fn take(&self, exporter: usize) -> Result<Box<dyn TarSink>, Status> {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks
            .remove(&exporter)
            .ok_or_else(|| Status::not_found(format!("exporter {exporter} has nothing to receive")))
    }

    async fn receive(
        &self,
        sink: Box<dyn TarSink>,
        metadata: BTreeMap<String, String>,
        mut incoming: Streaming<BytesMessage>,
    ) -> Result<(), Interrupted> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let mut archive = Archive {
            receiver,
            unread: Bytes::new(),
            ended: false,
        };
        let sink = self
            .work
            .spawn_blocking(move || sink.receive(&mut archive, &metadata));
        let pumped = pump(&mut incoming, sender).await;
        let result = sink
            .await
            .unwrap_or_else(|_panicked| Err(Box::new(Panicked)));
        match (pumped, result) {
            // A stream that broke makes the sink fail too; the break is the reason.
            (Err(status), _) => Err(Interrupted::Daemon(status)),
            (Ok(_), Err(error)) => Err(Interrupted::Sink(error)),
            (Ok(Pumped::ToEnd), Ok(())) => Ok(()),
            (Ok(Pumped::UntilSinkStopped), Ok(())) => {
                drain(incoming).await.map_err(Interrupted::Daemon)
            }
        }
    }
}

/// The reason why an archive was not taken to its end.
enum Interrupted {
    Daemon(Status),
    Sink(SinkError),
}

/// The progress of handing an archive to its sink.
enum Pumped {
    ToEnd,
    UntilSinkStopped,
}

/// Hands messages on until the daemon has sent the last one, or the sink reads no more.
async fn pump(
    incoming: &mut Streaming<BytesMessage>,
    sender: mpsc::Sender<Piece>,
) -> Result<Pumped, Status> {
    loop {
        let message = tokio::select! {
            message = incoming.message() => message?,
            () = sender.closed() => return Ok(Pumped::UntilSinkStopped),
        };
        let piece = message.map_or(Piece::End, |message| Piece::Data(message.data));
        let ended = matches!(piece, Piece::End);
        if sender.send(piece).await.is_err() {
            return Ok(if ended {
                Pumped::ToEnd
            } else {
                Pumped::UntilSinkStopped
            });
        }
        if ended {
            return Ok(Pumped::ToEnd);
        }
    }
}

/// Reads the bytes that a sink left unread, such as the padding after a tar's end: the daemon counts a reset as a
/// failure.
async fn drain(mut incoming: Streaming<BytesMessage>) -> Result<(), Status> {
    while incoming.message().await?.is_some() {}
    Ok(())
}

/// A part of an archive on its way to the sink. Only [`Piece::End`] ends it well: a queue that closes without it was
/// cut off.
enum Piece {
    Data(Bytes),
    End,
}

/// The reader of a sink.
struct Archive {
    receiver: mpsc::Receiver<Piece>,
    unread: Bytes,
    ended: bool,
}

impl Read for Archive {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.unread.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Data(data)) => self.unread = data,
                Some(Piece::End) => self.ended = true,
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::ConnectionAborted,
                        "the export was cut off",
                    ));
                }
            }
        }
        let length = self.unread.len().min(buf.len());
        self.unread.copy_to_slice(&mut buf[..length]);
        Ok(length)
    }
}

/// The number of the sending exporter. A daemon that does not say it has only one.
fn exporter_id(metadata: &MetadataMap) -> Result<usize, Status> {
    let Some(value) = metadata.get(headers::EXPORTER_ID) else {
        return Ok(0);
    };
    let number = value.to_str().ok().and_then(|id| id.parse().ok());
    number.ok_or_else(|| Status::invalid_argument("the exporter's number is none"))
}

fn exporter_metadata(metadata: &MetadataMap) -> BTreeMap<String, String> {
    let mut about = BTreeMap::<String, String>::new();
    for pair in metadata.iter() {
        let KeyAndValueRef::Ascii(key, value) = pair else {
            continue;
        };
        let Some(key) = key.as_str().strip_prefix(headers::EXPORTER_METADATA_PREFIX) else {
            continue;
        };
        let Ok(value) = value.to_str() else { continue };
        let values = about.entry(key.into()).or_default();
        if !values.is_empty() {
            values.push(',');
        }
        values.push_str(value);
    }
    about
}
