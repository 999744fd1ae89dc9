//! Puts files into a tree on disk. The result does not depend on when and where this is done.
//!
//! One rule for all: **existing directories keep mode, owner and time**, new directories on the way are 0755, of root,
//! with time 0, and no path and no link leads out of the tree. `copy()` copies from another tree, [`Unpacker`] unpacks
//! tars, [`make_directories()`], [`make_files()`] and [`make_links()`] make new ones, [`remove()`] removes.

mod content;
mod copy;
mod dress;
mod glob;
mod make;
mod owner;
mod pending;
mod plain;
mod root;
mod tree;
mod unpack;
mod zip;

use std::io;
use std::path::PathBuf;

pub use self::copy::{Copy, copy};
pub use self::make::{
    Attributes, make_directories, make_files, make_links, make_missing_directories, remove,
};
pub use self::plain::{LeftOut, unpack_plain};
pub use self::unpack::Unpacker;
pub use self::zip::ZipError;
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

/// The reason why something was not put into a tree.
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
    /// The path to copy does not exist.
    #[error("`/{path}` is not there{}", link.as_ref().map(|link| format!(": it leads to `/{link}`")).unwrap_or_default())]
    Missing {
        /// The path as given.
        path: String,
        /// The path that its links lead to.
        link: Option<String>,
    },
    /// A pattern matches nothing.
    #[error("`{pattern}` matches nothing")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern matches several paths, and a digest is expected, which is for the files of one path.
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
    /// There is something else in the place of a directory.
    #[error("`/{path}` is a directory here, and no directory in the tree that it goes into")]
    NotADirectory {
        /// The path in the target.
        path: String,
    },
    /// There is a directory in the place of something else.
    #[error("`/{path}` is no directory here, and one in the tree that it goes into")]
    IsADirectory {
        /// The path in the target.
        path: String,
    },
    /// The files are not those that were expected.
    #[error(
        "the files have the digest {found}, and not {expected}: they changed meanwhile, or another client of the daemon sent its own"
    )]
    Content {
        /// The expected digest.
        expected: Digest,
        /// The actual digest.
        found: Digest,
    },
    /// Something that only a root filesystem holds is among plain files.
    #[error("`/{path}` is a {what}, and plain files are directories, files and links")]
    NotPlain {
        /// The path.
        path: String,
        /// The word for it.
        what: &'static str,
    },
    /// A path of an archive leads out of it.
    #[error("`{path}` leads out of the archive")]
    Outside {
        /// The path.
        path: String,
    },
    /// An archive does not have the expected digest.
    #[error("the archive has the digest {found}, and not {expected}")]
    Digest {
        /// The expected digest.
        expected: Digest,
        /// The actual digest.
        found: Digest,
    },
    /// The owner is named, and the tree has no names.
    #[error(
        "there is no /{file} in the tree, which would tell the number of `{name}`; write the number itself"
    )]
    NoNames {
        /// The name of a user or group.
        name: String,
        /// The file that would have it.
        file: String,
    },
    /// The owner is named, and the tree does not have the name.
    #[error("/{file} of the tree has no `{name}`; it has {known}")]
    NoName {
        /// The name of a user or group.
        name: String,
        /// The file that would have it.
        file: String,
        /// The names that it has.
        known: String,
    },
    /// An archive is damaged, or cut off.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A zip is damaged, or has something that no tree can have.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// An archive has a member that no tree can have.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A file has no place in a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

#[cfg(test)]
mod tests;
