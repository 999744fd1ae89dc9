//! A check that entries are in the order of a walk of one tree.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use crate::entry::{Entry, Kind};
use crate::path::EntryPath;

/// The reason why a sequence of entries is no walk of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// A path occurs a second time.
    #[error("`{path}` is there twice")]
    Duplicate {
        /// The path.
        path: EntryPath,
    },
    /// A path comes after one that sorts after it.
    #[error("`{path}` comes after `{after}`, out of order")]
    OutOfOrder {
        /// The path.
        path: EntryPath,
        /// The path before it.
        after: EntryPath,
    },
    /// The entry's directory is not among the entries before it.
    #[error("`{path}` stands in no directory of the tar")]
    NoDirectory {
        /// The path.
        path: EntryPath,
    },
    /// A hard link's target is no earlier entry that is a file in its own right.
    #[error("`{path}` is a hard link to `{target}`, which is no earlier file of the tar")]
    NoTarget {
        /// The link.
        path: EntryPath,
        /// The target of the link.
        target: EntryPath,
    },
}

/// The check. It remembers 8 bytes for each file, and nothing else that grows with the tar.
///
/// These are hashes with a random key of this process, so that nobody can write a tar with names that collide.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    last: Option<Last>,
    hasher: RandomState,
    files: BTreeSet<u64>,
}

#[derive(Debug)]
struct Last {
    path: EntryPath,
    is_directory: bool,
}

impl Sequence {
    pub(crate) fn admit(&mut self, entry: &Entry) -> Result<(), SequenceError> {
        self.check_order(entry)?;
        self.check_target(entry)?;
        if let Kind::File { .. } | Kind::Fifo | Kind::Device { .. } = entry.kind {
            self.files.insert(self.hasher.hash_one(&entry.path));
        }
        self.last = Some(Last {
            path: entry.path.clone(),
            is_directory: entry.kind == Kind::Directory,
        });
        Ok(())
    }

    fn check_order(&self, entry: &Entry) -> Result<(), SequenceError> {
        let path = entry.path.clone();
        let parent = entry.path.parent();
        let Some(last) = &self.last else {
            return if parent.is_empty() {
                Ok(())
            } else {
                Err(SequenceError::NoDirectory { path })
            };
        };
        if entry.path == last.path {
            return Err(SequenceError::Duplicate { path });
        }
        if entry.path < last.path {
            return Err(SequenceError::OutOfOrder {
                path,
                after: last.path.clone(),
            });
        }
        // All directories above the last entry were seen. Besides these, only the last entry itself can be the
        // directory of this entry.
        let open =
            last.path.is_within(parent) && (last.is_directory || last.path.as_bytes() != parent);
        if open {
            Ok(())
        } else {
            Err(SequenceError::NoDirectory { path })
        }
    }

    fn check_target(&self, entry: &Entry) -> Result<(), SequenceError> {
        let Kind::HardLink { target } = &entry.kind else {
            return Ok(());
        };
        if self.files.contains(&self.hasher.hash_one(target)) {
            return Ok(());
        }
        Err(SequenceError::NoTarget {
            path: entry.path.clone(),
            target: target.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
