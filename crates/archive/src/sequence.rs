//! Watches that entries come as a walk of one tree would give them.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use crate::entry::{Entry, Kind};
use crate::path::EntryPath;

/// How a sequence of entries is not the walk of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// A path comes a second time.
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
    /// No directory came before to hold the entry.
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
        /// What it links to.
        target: EntryPath,
    },
}

/// The watch. It remembers 8 bytes for each file, and nothing else that grows with the tar.
///
/// What it remembers are hashes with a key drawn for this run: who writes a tar cannot know which names meet.
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
        // All directories above the last entry have been seen; of other directories only the last entry itself
        // can be one that this entry stands in.
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
