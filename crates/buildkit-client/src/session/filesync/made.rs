//! Files that are made of files on the disk while they are sent.

use std::fs::File;
use std::io::Read;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::declared::{MadeDir, MadeFile, MadePart};
use super::error::FileSyncError;
use super::mode;
use super::packet::Stat;
use super::send::PIECE;
use super::tree::Tree;
use super::walk::{Stopped, time_of_content};

/// The mode of every file.
const FILE_MODE: u32 = 0o644;

/// Calls `announce` for the directory and its files. These are all files of the source, whatever the patterns.
pub(super) fn walk(
    made: &MadeDir,
    mut announce: impl FnMut(Stat) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    announce(Stat {
        path: made.name.as_str().into(),
        mode: mode::DECLARED_DIR,
        ..Stat::default()
    })?;
    for (name, file) in &made.files {
        announce(Stat {
            path: format!("{}/{name}", made.name).into_bytes(),
            mode: FILE_MODE,
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            mod_time: time_of_content(&file.identity),
            ..Stat::default()
        })?;
    }
    Ok(())
}

/// Makes the file that was announced as `path`, and returns its bytes in pieces.
pub(super) fn send(
    made: &MadeDir,
    tree: &Tree,
    path: &[u8],
    put: impl FnMut(Bytes) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    let file = announced(made, path).ok_or_else(|| FileSyncError::missing(path))?;
    let mut pieces = Pieces {
        piece: Vec::new(),
        put,
    };
    for part in made.maker.parts(&file.identity) {
        match part {
            MadePart::Bytes(bytes) => pieces.bytes(&bytes)?,
            MadePart::File { path, sha256, size } => {
                let path = path.as_str().as_bytes();
                let file = tree.file(path)?.0;
                let file = file.ok_or_else(|| FileSyncError::changed(path, "kind"))?;
                pieces.file(path, file, size, &sha256)?;
            }
        }
    }
    pieces.flush()
}

/// The file that was announced as `path`.
fn announced<'a>(made: &'a MadeDir, path: &[u8]) -> Option<&'a MadeFile> {
    let path = std::str::from_utf8(path).ok()?;
    let name = path.strip_prefix(made.name.as_str())?.strip_prefix('/')?;
    made.files.get(&name.parse().ok()?)
}

/// Bytes that are gathered into pieces as large as packets may be.
struct Pieces<F> {
    piece: Vec<u8>,
    put: F,
}

impl<F: FnMut(Bytes) -> Result<(), Stopped>> Pieces<F> {
    fn bytes(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        while !bytes.is_empty() {
            self.reserve();
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            self.flush_if_full()?;
            bytes = later;
        }
        Ok(())
    }

    /// The content of a file, which must have the declared digest.
    fn file(
        &mut self,
        path: &[u8],
        file: File,
        size: u64,
        sha256: &[u8; 32],
    ) -> Result<(), Stopped> {
        let failed = |error| FileSyncError::read(path, error);
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(FileSyncError::changed(path, "kind").into());
        }
        if metadata.len() != size {
            return Err(FileSyncError::changed(path, "size").into());
        }
        let mut hash = Sha256::new();
        // No more bytes than announced, if the file grows meanwhile; then its digest is wrong.
        let mut content = file.take(size);
        loop {
            self.reserve();
            let start = self.piece.len();
            let room = (PIECE - start) as u64;
            let read = (&mut content).take(room).read_to_end(&mut self.piece);
            if read.map_err(failed)? == 0 {
                break;
            }
            hash.update(&self.piece[start..]);
            self.flush_if_full()?;
        }
        if hash.finalize().as_slice() != sha256 {
            return Err(FileSyncError::changed(path, "content").into());
        }
        Ok(())
    }

    fn reserve(&mut self) {
        if self.piece.capacity() < PIECE {
            self.piece.reserve_exact(PIECE - self.piece.len());
        }
    }

    fn flush_if_full(&mut self) -> Result<(), Stopped> {
        if self.piece.len() < PIECE {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        if self.piece.is_empty() {
            return Ok(());
        }
        (self.put)(std::mem::take(&mut self.piece).into())
    }
}

#[cfg(test)]
mod tests;
