//! Puts files into a tree on disk, so that the tree is the same whenever and wherever that is done.
//!
//! One law for all that is put in: **directories that are there keep mode, owner and time**, those that are made on the
//! way are 0755, of root, with time 0, and no path and no link leads out of the tree. `copy()` takes from another tree,
//! [`Unpacker`] from tars, [`make_directory()`] makes a directory.

mod content;
mod copy;
mod dress;
mod glob;
mod root;
mod tree;
mod unpack;

use std::io;
use std::path::{Path, PathBuf};

pub use self::copy::{Copy, copy};
pub use self::unpack::Unpacker;
pub(crate) use self::{
    content::Content,
    copy::trimmed,
    dress::Dress,
    root::{Last, Root, join, split},
    tree::{Special, Tree, unusable},
};
use crate::bundle::BundleError;
use crate::digest::Digest;
use crate::member::EntryError;
use crate::stream::TarError;

/// Why something was not put into a tree.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The root of a tree cannot be opened.
    #[error("cannot open the directory `{}`", root.display())]
    Root {
        /// The root.
        root: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What is to be copied is not there.
    #[error("`/{path}` is not there{}", link.as_ref().map(|link| format!(": it leads to `/{link}`")).unwrap_or_default())]
    Missing {
        /// The path, as it was named.
        path: String,
        /// Where links in it lead to.
        link: Option<String>,
    },
    /// A pattern matches nothing.
    #[error("`{pattern}` matches nothing")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern matches several paths, whose files together have no digest.
    #[error("`{pattern}` matches several paths, whose files have no digest together")]
    Several {
        /// The pattern.
        pattern: String,
    },
    /// Something in the source cannot be read.
    #[error("cannot read `/{path}`")]
    Source {
        /// The path in the source.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something in the target cannot be written.
    #[error("cannot write `/{path}`")]
    Target {
        /// The path in the target.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A directory is to go where something else is.
    #[error("`/{path}` is a directory here, and no directory in the tree that it goes into")]
    NotADirectory {
        /// The path in the target.
        path: String,
    },
    /// Something else is to go where a directory is.
    #[error("`/{path}` is no directory here, and one in the tree that it goes into")]
    IsADirectory {
        /// The path in the target.
        path: String,
    },
    /// Other files are there than those that were to be copied.
    #[error(
        "the files have the digest {found}, and not {expected}: they changed meanwhile, or another client of the daemon sent its own"
    )]
    Content {
        /// What they should have.
        expected: Digest,
        /// What they have.
        found: Digest,
    },
    /// A path of an archive leads out of it.
    #[error("`{path}` leads out of the archive")]
    Outside {
        /// The path.
        path: String,
    },
    /// An archive is another one than it should be.
    #[error("the archive has the digest {found}, and not {expected}")]
    Digest {
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// An archive is damaged, or cut off.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// An archive has what no tree can have.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A file has no place in a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// Makes a directory in the tree below `target`, with all above it, mode 0755, of root, time 0. One that is there stays as
/// it is.
pub fn make_directory(target: &Path, path: &[u8]) -> Result<(), PlaceError> {
    let root = Root::open(target).map_err(|source| PlaceError::Root {
        root: target.to_owned(),
        source,
    })?;
    let mut tree = Tree::new(root);
    tree.directory(&trimmed(path), &Dress::of_parent())?;
    tree.finish()
}

#[cfg(test)]
mod tests;
