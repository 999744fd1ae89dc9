//! Reading a file system that the daemon holds.

use bytes::{Bytes, BytesMut};
use tonic::{Code, Status};

use super::{Gateway, GatewayError, Reference, wire};

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStat {
    /// Its name, without the directory.
    pub name: String,
    /// The kind of the file.
    pub kind: FileKind,
    /// Its permission bits.
    pub mode: u32,
    /// Its size in bytes.
    pub size: u64,
}

/// The kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link to this.
    Symlink(String),
    /// A device, socket or pipe.
    Special,
}

/// The largest part of a file in one answer: well below the limit of a message.
const CHUNK: u64 = 4 << 20;

impl Gateway {
    /// The entries of the directory `path`; `None` if there is no such directory.
    pub async fn read_dir(
        &self,
        reference: &Reference,
        path: &str,
    ) -> Result<Vec<FileStat>, GatewayError> {
        let request = wire::read_dir(&reference.0, path);
        let answer = self.call::<_, wire::Directory>(wire::READ_DIR, request);
        match answer.await {
            Ok(directory) => Ok(directory.entries.into_iter().map(wire::stat).collect()),
            Err(status) if is_missing(&status) => Ok(Vec::new()),
            Err(status) => Err(status.into()),
        }
    }

    /// The bytes of a file from `offset` on, as many as fit into one answer; empty at its end.
    pub async fn read_part(
        &self,
        reference: &Reference,
        path: &str,
        offset: u64,
    ) -> Result<Bytes, GatewayError> {
        let request = wire::read_file(&reference.0, path, offset, CHUNK);
        let file: wire::File = self.call(wire::READ_FILE, request).await?;
        Ok(file.data.into())
    }

    /// A whole file of at most `limit` bytes; `None` if there is no such file.
    pub async fn read_file(
        &self,
        reference: &Reference,
        path: &str,
        limit: u64,
    ) -> Result<Option<Bytes>, GatewayError> {
        let mut bytes = BytesMut::new();
        loop {
            let part = match self.read_part(reference, path, bytes.len() as u64).await {
                Err(GatewayError::Status { status }) if is_missing(&status) => return Ok(None),
                part => part?,
            };
            if part.is_empty() {
                return Ok(Some(bytes.freeze()));
            }
            bytes.extend_from_slice(&part);
            if bytes.len() as u64 > limit {
                let text = format!("`{path}` has more than {limit} bytes");
                return Err(Status::resource_exhausted(text).into());
            }
        }
    }
}

/// BuildKit passes the system's words on (`solver/llbsolver/mounts`, `util/…/ReadFile`), some with a code of their own.
fn is_missing(status: &Status) -> bool {
    status.code() == Code::NotFound || status.message().contains("no such file or directory")
}
