//! The fingerprint of a file, which tells it from another one of the same name without reading it.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::Path,
};

use archive::Digest;
use sha2::{Digest as _, Sha256};

/// The state of a file or a directory when it was complete. Getting its final name does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Its number in its file system.
    pub(crate) inode: u64,
    /// Its size in bytes; of a directory, the sum of the sizes of its files.
    pub(crate) size: u64,
    /// When it was written last, in nanoseconds after 1970 began.
    pub(crate) modified: i128,
    /// The names, sizes and times of everything below a directory; `None` for a file.
    pub(crate) below: Option<Digest>,
}

impl Fingerprint {
    /// The fingerprint of a file by its metadata.
    pub(crate) fn of(file: &Metadata) -> Self {
        Self {
            inode: file.ino(),
            size: file.len(),
            modified: i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec()),
            below: None,
        }
    }

    /// The fingerprint of a directory with everything below it. No file is opened.
    pub(crate) fn of_directory(directory: &Path) -> io::Result<Self> {
        let mut below = Below::default();
        below.add(directory)?;
        Ok(Self {
            size: below.size,
            below: Some(Digest::from(<[u8; 32]>::from(below.hash.finalize()))),
            ..Self::of(&fs::metadata(directory)?)
        })
    }
}

/// What is below a directory.
#[derive(Default)]
struct Below {
    size: u64,
    hash: Sha256,
}

impl Below {
    /// Adds the entries of a directory, sorted by their names, each followed by its own.
    fn add(&mut self, directory: &Path) -> io::Result<()> {
        let entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            let path = directory.join(&name);
            let found = fs::symlink_metadata(&path)?;
            let Fingerprint {
                inode,
                size,
                modified,
                below: _,
            } = Fingerprint::of(&found);
            // A name has no slash in it.
            self.hash.update(name.as_bytes());
            self.hash
                .update(format!("/{:o} {inode} {size} {modified}\n", found.mode()));
            if found.is_dir() {
                self.add(&path)?;
                self.hash.update("/");
            } else if found.is_file() {
                self.size += size;
            }
        }
        Ok(())
    }
}
