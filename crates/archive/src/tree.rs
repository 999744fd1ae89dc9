//! The tree that the layers of an image make together.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use crate::digest::Digest;
use crate::entry::{Entry, Kind, Xattrs};
use crate::path::{EntryPath, PathError};

pub use compare::{Aspect, Difference};

/// A tree of files, without their times. By default it is empty, as the image `scratch`.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    names: BTreeMap<EntryPath, usize>,
    files: Vec<File>,
}

/// The properties of a file, which all its names share.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    kind: Kind,
    mode: u32,
    owner: (u32, u32),
    xattrs: Xattrs,
    content: Option<Digest>,
}

/// The reason why a layer does not fit on a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The target of a hard link is in no layer.
    #[error("`{path}` is a hard link to `{target}`, which is in no layer")]
    NoTarget {
        /// The link.
        path: EntryPath,
        /// Its target.
        target: EntryPath,
    },
    /// A whiteout is of no path.
    #[error(transparent)]
    Whiteout(#[from] PathError),
}

/// The name of a file that hides what lower layers have in its directory, and the beginning of the name of one that
/// hides a path (`layer.md` of the OCI image specification).
const OPAQUE: &[u8] = b".wh..wh..opq";
const GONE: &[u8] = b".wh.";

impl Tree {
    /// Lays a layer over the tree: its whiteouts hide what is below it, wherever they stand in it, and all else takes
    /// the place of what is there.
    pub fn lay(&mut self, layer: &[Entry]) -> Result<(), TreeError> {
        for entry in layer {
            if let Some(hidden) = hidden(&entry.path)? {
                self.hide(&hidden);
            }
        }
        for entry in layer {
            if hidden(&entry.path)?.is_none() {
                self.put(entry)?;
            }
        }
        Ok(())
    }

    /// The number of paths.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of paths that are in this tree, in `other`, or in both.
    pub fn paths_of_both(&self, other: &Self) -> usize {
        let theirs = other.names.keys();
        self.len()
            + theirs
                .filter(|path| !self.names.contains_key(*path))
                .count()
    }

    fn hide(&mut self, hidden: &Hidden) {
        match hidden {
            Hidden::Path(path) => {
                self.names.remove(path);
                self.remove_below(path);
            }
            Hidden::Below(Some(directory)) => self.remove_below(directory),
            Hidden::Below(None) => self.names.clear(),
        }
    }

    fn put(&mut self, entry: &Entry) -> Result<(), TreeError> {
        if entry.kind != Kind::Directory {
            self.remove_below(&entry.path);
        }
        let file = if let Kind::HardLink { target } = &entry.kind {
            let no_target = || TreeError::NoTarget {
                path: entry.path.clone(),
                target: target.clone(),
            };
            *self.names.get(target).ok_or_else(no_target)?
        } else {
            self.files.push(File::of(entry));
            self.files.len() - 1
        };
        self.names.insert(entry.path.clone(), file);
        Ok(())
    }

    fn remove_below(&mut self, directory: &EntryPath) {
        let below: Vec<EntryPath> = self.below(directory).cloned().collect();
        for path in below {
            self.names.remove(&path);
        }
    }

    /// The paths below a directory.
    fn below(&self, directory: &EntryPath) -> impl Iterator<Item = &EntryPath> {
        let after = self
            .names
            .range::<EntryPath, _>((Excluded(directory), Unbounded));
        after
            .map(|(path, _)| path)
            .take_while(|path| path.is_within(directory.as_bytes()))
    }

    /// For each file with several names, the first of them, by number.
    fn first_names(&self) -> BTreeMap<usize, &EntryPath> {
        let mut first = BTreeMap::new();
        let mut several = BTreeSet::new();
        for (path, file) in &self.names {
            if first.contains_key(file) {
                several.insert(*file);
            } else {
                first.insert(*file, path);
            }
        }
        first.retain(|file, _| several.contains(file));
        first
    }
}

impl File {
    fn of(entry: &Entry) -> Self {
        // The mode of a symbolic link means nothing, and writers differ in it.
        let is_link = matches!(entry.kind, Kind::Symlink { .. });
        Self {
            kind: entry.kind.clone(),
            mode: if is_link { 0o777 } else { entry.mode },
            owner: (entry.uid, entry.gid),
            xattrs: entry.xattrs.clone(),
            content: entry.content,
        }
    }
}

/// The part of lower layers that a whiteout hides.
enum Hidden {
    Path(EntryPath),
    /// All that is in a directory; in the root, if there is none.
    Below(Option<EntryPath>),
}

fn hidden(path: &EntryPath) -> Result<Option<Hidden>, PathError> {
    let directory = path.parent();
    let name = match directory.len() {
        0 => path.as_bytes(),
        length => &path.as_bytes()[length + 1..],
    };
    if name == OPAQUE {
        let directory = (!directory.is_empty()).then(|| EntryPath::try_new(directory));
        return Ok(Some(Hidden::Below(directory.transpose()?)));
    }
    let Some(gone) = name.strip_prefix(GONE) else {
        return Ok(None);
    };
    let gone = match directory {
        [] => gone.to_vec(),
        directory => [directory, b"/", gone].concat(),
    };
    Ok(Some(Hidden::Path(EntryPath::try_new(gone)?)))
}

#[cfg(test)]
mod tests;
