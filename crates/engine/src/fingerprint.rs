//! The fingerprint of a file, which tells it from another one of the same name without reading it.

use std::{fs::Metadata, os::unix::fs::MetadataExt as _};

/// The state of a file when it was complete. Getting its final name does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Its number in its file system.
    pub(crate) inode: u64,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// When it was written last, in nanoseconds after 1970 began.
    pub(crate) modified: i128,
}

impl Fingerprint {
    /// The fingerprint of a file by its metadata.
    pub(crate) fn of(file: &Metadata) -> Self {
        Self {
            inode: file.ino(),
            size: file.len(),
            modified: i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec()),
        }
    }
}
