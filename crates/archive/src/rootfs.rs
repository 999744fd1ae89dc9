//! Checks that a file is a whole root filesystem tar before a daemon gets it.
//!
//! BuildKit unpacks a file only if its first tar header can be read, and else copies the file unchanged, without a word
//! (solver/llbsolver/file/unpack.go). A tar that is cut off between two entries it unpacks without an error. A user who
//! names a root filesystem wants neither.

use std::io::{self, BufRead, BufReader, Read};

use crate::block::BLOCK;
use crate::compression::Compression;
use crate::digest::{Digest, HashingReader};
use crate::stream::{Members, TarError};

/// A root filesystem tar that was read to its end and is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootfsTar {
    /// The compression of the file.
    pub compression: Compression,
    /// Entries in the tar.
    pub entries: u64,
    /// The size of the file as given, compressed or not.
    pub bytes: u64,
    /// The digest of the file as given, compressed or not.
    pub sha256: Digest,
}

/// The reason why a file is no root filesystem tar.
#[derive(Debug, thiserror::Error)]
pub enum RootfsError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    Read(#[source] io::Error),
    /// The file has no bytes.
    #[error("the file is empty")]
    EmptyFile,
    /// The file does not begin like a tar or a compressed tar.
    #[error("the file is no tar (plain or compressed with gzip, zstd, xz or bzip2)")]
    NoTar,
    /// The tar has no entry.
    #[error("the tar is empty")]
    EmptyTar,
    /// The compressed data ends too early.
    #[error("the {compression} data is cut off")]
    CutInCompression {
        /// The compression of the file.
        compression: Compression,
    },
    /// The compressed data cannot be read.
    #[error("the {compression} data is damaged")]
    Damaged {
        /// The compression of the file.
        compression: Compression,
        /// The error of the decompressor.
        #[source]
        source: io::Error,
    },
    /// The tar is damaged or cut off.
    #[error(transparent)]
    Tar(TarError),
}

/// Reads a user's whole file and computes its digest in the same pass. Fails if it is no tar, cut off, damaged or
/// empty.
///
/// `reader` need not be buffered. The forms are those that BuildKit unpacks (moby/go-archive's compression.go).
/// The entries themselves are not judged: the daemon does so when it unpacks them.
pub fn check_rootfs(reader: impl Read) -> Result<RootfsTar, RootfsError> {
    let mut raw = BufReader::with_capacity(BUFFER, HashingReader::new(reader));
    let start = fill_start(&mut raw)?;
    if start.is_empty() {
        return Err(RootfsError::EmptyFile);
    }
    let compression = Compression::detect(&start);
    let entries = {
        let whole = start.as_slice().chain(&mut raw);
        count_entries(compression, whole)?
    };
    io::copy(&mut raw, &mut io::sink()).map_err(RootfsError::Read)?;
    let tally = raw.into_inner().into_tally();
    Ok(RootfsTar {
        compression,
        entries,
        bytes: tally.bytes(),
        sha256: tally.digest(),
    })
}

/// Few system calls; the hash works on pieces of this size.
const BUFFER: usize = 256 * 1024;

/// The longest magic, that of a skippable zstd frame with its length.
const START: u64 = 8;

fn fill_start(raw: &mut impl Read) -> Result<Vec<u8>, RootfsError> {
    let mut start = Vec::new();
    raw.take(START)
        .read_to_end(&mut start)
        .map_err(RootfsError::Read)?;
    Ok(start)
}

fn count_entries(compression: Compression, raw: impl BufRead) -> Result<u64, RootfsError> {
    let plain = compression.decompress(raw).map_err(RootfsError::Read)?;
    let mut members = Members::new(BufReader::with_capacity(BUFFER, plain));
    let mut entries = 0;
    loop {
        match members.next() {
            Ok(Some(_)) => entries += 1,
            Ok(None) if entries == 0 => return Err(RootfsError::EmptyTar),
            Ok(None) => return Ok(entries),
            Err(error) => return Err(explain(error, compression)),
        }
    }
}

fn explain(error: TarError, compression: Compression) -> RootfsError {
    match error {
        // Only errors of the file itself are errors of the operating system; decompressors have their own.
        TarError::Read(source)
            if source.raw_os_error().is_some() || compression == Compression::None =>
        {
            RootfsError::Read(source)
        }
        TarError::Read(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            RootfsError::CutInCompression { compression }
        }
        TarError::Read(source) => RootfsError::Damaged {
            compression,
            source,
        },
        TarError::NoHeader { offset: 0 } | TarError::NoEnd { offset: 0 } => RootfsError::NoTar,
        TarError::CutInHeader { offset } if offset < BLOCK as u64 => RootfsError::NoTar,
        error => RootfsError::Tar(error),
    }
}

#[cfg(test)]
mod tests;
