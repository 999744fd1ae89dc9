//! The writer of canonical tars.

use std::io::{self, BufWriter, Write};

use crate::block::{BLOCK, padding};
use crate::digest::{Digest, HashingWriter};
use crate::entry::Entry;
use crate::header::{HeaderError, encode};
use crate::layer::Whiteouts;

/// The options of a canonical tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    epoch: Option<i64>,
    owner: Option<(u32, u32)>,
    pub(crate) whiteouts: Whiteouts,
}

impl Options {
    /// The defaults: times and owners are kept, and whiteouts have the form of images, plain files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets every modification time after `epoch` (seconds since 1970) to it; earlier ones are kept.
    pub fn with_epoch(self, epoch: i64) -> Self {
        Self {
            epoch: Some(epoch),
            ..self
        }
    }

    /// Gives every entry this user and this group, instead of its own.
    pub fn with_owner(self, uid: u32, gid: u32) -> Self {
        Self {
            owner: Some((uid, gid)),
            ..self
        }
    }

    /// Sets the form of the whiteouts in a layer.
    pub fn with_whiteouts(self, whiteouts: Whiteouts) -> Self {
        Self { whiteouts, ..self }
    }
}

/// The number of entries, the size and the digest of a written tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The number of files, directories, links and so on, without the root.
    pub entries: u64,
    /// The size of the tar.
    pub bytes: u64,
    /// The digest of the tar.
    pub sha256: Digest,
}

/// The reason why an entry could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("cannot write the tar")]
    Io(#[from] io::Error),
}

/// Large enough to make system calls rare, and not larger than the readers' pieces, so that these bypass the buffer.
const BUFFER: usize = 64 * 1024;

/// Two blocks of zeros end a tar.
const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The writer. The caller keeps the order and writes as much content as the entry's size says.
#[derive(Debug)]
pub(crate) struct CanonicalWriter<W: Write> {
    sink: BufWriter<HashingWriter<W>>,
    options: Options,
    entries: u64,
}

impl<W: Write> CanonicalWriter<W> {
    pub(crate) fn new(writer: W, options: Options) -> Self {
        Self {
            sink: BufWriter::with_capacity(BUFFER, HashingWriter::new(writer)),
            options,
            entries: 0,
        }
    }

    /// Writes the header.
    pub(crate) fn begin(&mut self, entry: &mut Entry) -> Result<(), WriteError> {
        if let Some(epoch) = self.options.epoch {
            entry.mtime = entry.mtime.min(epoch);
        }
        if let Some((uid, gid)) = self.options.owner {
            (entry.uid, entry.gid) = (uid, gid);
        }
        self.sink.write_all(&encode(entry)?)?;
        self.entries += 1;
        Ok(())
    }

    pub(crate) fn content(&mut self, piece: &[u8]) -> Result<(), WriteError> {
        Ok(self.sink.write_all(piece)?)
    }

    /// Fills the last block of an entry with `size` bytes of content.
    pub(crate) fn end(&mut self, size: u64) -> Result<(), WriteError> {
        Ok(self.sink.write_all(&END[..padding(size)])?)
    }

    pub(crate) fn finish(mut self) -> Result<Summary, WriteError> {
        self.sink.write_all(&END)?;
        let mut sink = self
            .sink
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        sink.flush()?;
        let tally = sink.into_tally();
        Ok(Summary {
            entries: self.entries,
            bytes: tally.bytes(),
            sha256: tally.digest(),
        })
    }
}
