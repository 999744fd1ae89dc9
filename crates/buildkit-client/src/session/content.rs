//! Content: the daemon reads the blobs of images in OCI layouts.
//!
//! BuildKit: `session/content`, over containerd's content service, of which its source for OCI layouts calls `Info` and
//! `Read`. The digest that is asked for is looked up among those that are offered, and never becomes a path by itself.

mod layout;
mod wire;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use tokio_util::task::TaskTracker;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use self::wire::{Info, InfoRequest, InfoResponse, ReadRequest, ReadResponse};
use super::headers;
use super::report::{Reporter, ServiceError};

pub use layout::{BlobDigest, BlobDigestError, BlobError, ContentStore, LayoutDir};

/// The service's name on the wire.
pub(super) const SERVICE: &str = "/containerd.services.content.v1.Content";

/// The methods that the daemon calls.
pub(super) const INFO: &str = "/containerd.services.content.v1.Content/Info";
pub(super) const READ: &str = "/containerd.services.content.v1.Content/Read";

/// The methods that would change content, which are refused.
const CHANGES: [&str; 4] = ["Update", "Delete", "Write", "Abort"];

/// The most bytes of one message, 256 KiB: as much as one call holds in memory. BuildKit asks for up to 1 MiB a call.
const PIECE: u64 = 256 << 10;

/// The layouts of a solve.
pub(crate) struct Content {
    stores: BTreeMap<String, Arc<ContentStore>>,
    reporter: Reporter,
    work: TaskTracker,
}

type Pieces = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

/// A blob that the daemon may read.
struct Blob {
    store: Arc<ContentStore>,
    digest: BlobDigest,
    size: u64,
}

impl Content {
    pub(crate) fn new(stores: Vec<ContentStore>, reporter: Reporter, work: TaskTracker) -> Self {
        let stores = stores
            .into_iter()
            .map(|store| (store.id().to_owned(), Arc::new(store)))
            .collect();
        Self {
            stores,
            reporter,
            work,
        }
    }

    pub(super) async fn info(
        self: Arc<Self>,
        request: Request<InfoRequest>,
    ) -> Result<Response<InfoResponse>, Status> {
        let blob = self.blob(request.metadata(), &request.get_ref().digest)?;
        let info = Info {
            digest: blob.digest.to_string(),
            size: signed(blob.size)?,
        };
        self.open(blob).await?;
        Ok(Response::new(InfoResponse { info: Some(info) }))
    }

    /// A piece is read from the disk when the connection can take it.
    pub(super) async fn read(
        self: Arc<Self>,
        request: Request<ReadRequest>,
    ) -> Result<Response<Pieces>, Status> {
        let ReadRequest {
            digest,
            offset,
            size,
        } = request.get_ref();
        let blob = self.blob(request.metadata(), digest)?;
        let start = u64::try_from(*offset).unwrap_or(0);
        let rest = blob.size.checked_sub(start).ok_or_else(|| {
            Status::out_of_range(format!("`{digest}` has {} bytes, not {start}", blob.size))
        })?;
        let length = match u64::try_from(*size) {
            Ok(size @ 1..) => size.min(rest),
            _ => rest,
        };
        let digest = blob.digest.clone();
        let file = Arc::new(self.open(blob).await?);
        let pieces = stream::try_unfold(start, move |at| {
            let (content, file, digest) = (Arc::clone(&self), Arc::clone(&file), digest.clone());
            async move {
                let length = (start + length - at).min(PIECE);
                if length == 0 {
                    return Ok(None);
                }
                let data = content.piece(file, &digest, at, length).await?;
                let piece = ReadResponse {
                    offset: signed(at)?,
                    data: data.into(),
                };
                Ok(Some((piece, at + length)))
            }
        });
        Ok(Response::new(Box::pin(pieces)))
    }

    /// The blob that is asked for, if it is offered.
    fn blob(&self, metadata: &MetadataMap, digest: &str) -> Result<Blob, Status> {
        let store = metadata.get(headers::STORE_ID).ok_or_else(|| {
            Status::invalid_argument("the call does not say which store it is for")
        })?;
        let store = store
            .to_str()
            .ok()
            .and_then(|id| id.strip_prefix(headers::OCI_STORE));
        let store = store.and_then(|id| self.stores.get(id));
        let store = store.ok_or_else(|| Status::not_found("there is no such store"))?;
        let digest: BlobDigest = digest
            .parse()
            .map_err(|error: BlobDigestError| Status::invalid_argument(error.to_string()))?;
        let size = store
            .size(&digest)
            .ok_or_else(|| Status::not_found(format!("the image has no `{digest}`")))?;
        Ok(Blob {
            store: Arc::clone(store),
            digest,
            size,
        })
    }

    async fn open(&self, blob: Blob) -> Result<File, Status> {
        let digest = blob.digest.clone();
        let opened = self.blocking(move || blob.store.open(&blob.digest, blob.size));
        opened
            .await?
            .map_err(|source| self.failed(digest.as_str(), source))
    }

    async fn piece(
        &self,
        file: Arc<File>,
        digest: &BlobDigest,
        at: u64,
        length: u64,
    ) -> Result<Vec<u8>, Status> {
        // Not above PIECE.
        let mut data = vec![0; usize::try_from(length).unwrap_or_default()];
        let read = self.blocking(move || file.read_exact_at(&mut data, at).map(|()| data));
        read.await?
            .map_err(|error| self.failed(digest.as_str(), BlobError::Read(error)))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Status> {
        let done = self.work.spawn_blocking(work).await;
        done.map_err(|_panicked| Status::internal("reading the layout panicked"))
    }

    /// Reports an error to the caller of the solve, and returns it to the daemon.
    fn failed(&self, digest: &str, source: BlobError) -> Status {
        let status = Status::failed_precondition(format!("`{digest}`: {source}"));
        self.reporter.report(ServiceError::Content {
            digest: digest.to_owned(),
            source,
        });
        status
    }
}

/// The answer to every other call.
pub(super) fn refusal(path: &str) -> Status {
    let method = path.rsplit('/').next().unwrap_or_default();
    if CHANGES.contains(&method) {
        Status::permission_denied("what is in an OCI layout is read, and never written")
    } else {
        Status::unimplemented("this session has no such method")
    }
}

fn signed(number: u64) -> Result<i64, Status> {
    i64::try_from(number).map_err(|_| Status::out_of_range("too large for the protocol"))
}

#[cfg(test)]
mod tests;
