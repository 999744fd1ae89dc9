//! Rewrites the stream of BuildKit's tar exporter in canonical form.

use std::io::{self, BufReader, Read, Write};

use crate::entry::{Entry, Kind, keeps_xattr};
use crate::header::HeaderError;
use crate::member::EntryError;
use crate::sequence::{Sequence, SequenceError};
use crate::stream::{Members, TarError};
use crate::writer::{CanonicalWriter, Options, Summary, WriteError};

/// Why a stream was not rewritten.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalizeError {
    /// The input cannot be read, or is damaged or cut off.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A member of the input is nothing that a tree can have.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The members do not come as a walk of a tree gives them.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// An entry does not fit into a tar.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The output cannot be written.
    #[error("cannot write the tar")]
    Write(#[source] io::Error),
}

/// Reads the tar that BuildKit's exporter `type=tar` sends and writes it in canonical form, holding no more than
/// one header and one piece of content in memory, and 8 bytes for each file's name.
///
/// `reader` need not be buffered. It is read to its end: only then is the tar known to be whole. What a daemon that
/// is not trusted could send is refused: paths that are absolute, contain `..`, come twice, out of order or
/// below something that is no directory of the tar; hard links to what is no earlier file of it; a stream that is
/// cut off or goes on after its end. On an error, what `writer` has got so far is worthless.
///
/// Of what BuildKit's own exporter has changed by then, nothing can be undone: it rounds times to seconds and writes
/// sockets as empty files (fsutil's tarwriter.go). What [`pack()`](crate::pack()) has written comes out as it is.
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

/// Few system calls, and pieces that pass the writer's buffer by.
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
