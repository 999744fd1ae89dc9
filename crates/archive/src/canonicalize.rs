//! Rewrites the stream of BuildKit's tar exporter in canonical form.

use std::io::{self, BufReader, Read, Write};

use crate::entry::{Entry, Kind, keeps_xattr};
use crate::header::HeaderError;
use crate::member::EntryError;
use crate::sequence::{Sequence, SequenceError};
use crate::stream::{Members, TarError};
use crate::writer::{CanonicalWriter, Options, Summary, WriteError};

/// The reason why a stream was not rewritten.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalizeError {
    /// The input cannot be read, or is damaged or cut off.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// The input has a member that no tree can have.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The members are not in the order of a walk of a tree.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// An entry does not fit into a tar.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The output cannot be written.
    #[error("cannot write the tar")]
    Write(#[source] io::Error),
}

/// Reads the tar of BuildKit's exporter `type=tar` and writes it in canonical form. Memory holds one header, one piece
/// of content, and 8 bytes for each file's name.
///
/// `reader` need not be buffered. It is read to its end: only then is the tar known to be whole. The daemon need not be
/// trusted. Refused are paths that are absolute, contain `..`, come twice, out of order or below something that is no
/// directory of the tar; hard links to anything but an earlier file; a stream that is cut off or goes on after its end.
/// After an error, the bytes in `writer` must not be used.
///
/// Changes that BuildKit's own exporter made cannot be undone: it rounds times to seconds and writes sockets as empty
/// files (fsutil's tarwriter.go). The output of [`pack()`](crate::pack()) comes out unchanged.
pub fn canonicalize(
    reader: impl Read,
    writer: impl Write,
    options: &Options,
) -> Result<Summary, CanonicalizeError> {
    let mut members = Members::new(BufReader::with_capacity(BUFFER, reader));
    let mut tar = CanonicalWriter::new(writer, *options);
    let mut sequence = Sequence::default();
    while let Some(member) = members.next()? {
        let mut entry = Entry::try_from(member)?;
        sequence.admit(&entry)?;
        match entry.kind {
            Kind::HardLink { .. } => entry.xattrs.clear(),
            _ => entry.xattrs.retain(|name, _| keeps_xattr(name)),
        }
        tar.begin(&mut entry)?;
        while let Some(piece) = members.content()? {
            tar.content(piece)?;
        }
        tar.end(entry.size())?;
    }
    Ok(tar.finish()?)
}

/// Large pieces: few system calls, and the writer's buffer is bypassed.
const BUFFER: usize = 128 * 1024;

impl From<WriteError> for CanonicalizeError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Header(error) => Self::Header(error),
            WriteError::Io(error) => Self::Write(error),
        }
    }
}

#[cfg(test)]
mod tests;
