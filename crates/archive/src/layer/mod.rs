//! Layers: the diff from one tree to another, with new and changed paths, and a whiteout for each path that is gone.
//!
//! Whiteouts are explicit, in either form: one for the topmost path that is gone, and no opaque ones that hide a whole
//! directory. `base` with the layer applied is `whole`, but for the times of directories that changed in nothing else.

mod changes;
mod links;
mod pair;
mod whiteouts;

use std::io::{self, Write};
use std::path::Path;

use self::changes::{Changes, Scan};
pub use self::whiteouts::Whiteouts;
use crate::pack::{Found, PackError, Packer};
use crate::path::EntryPath;
use crate::walk::Walk;
use crate::writer::{Options, Summary};

/// The reason why a layer was not written.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A tree cannot be read.
    #[error("cannot read `{path}` in the {tree} tree")]
    Read {
        /// `base` or `whole`.
        tree: &'static str,
        /// The path below its root; empty for the root.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the tree has the name of a whiteout, so that a layer with it would remove another file. This cannot
    /// happen with [`Whiteouts::Overlay`].
    #[error("`{path}` cannot be in a layer: its name is that of a whiteout")]
    WhiteoutName {
        /// The path.
        path: EntryPath,
    },
    /// The layer cannot be written.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Writes the diff from `base` to `whole` as a canonical layer tar, with whiteouts as `options` have them.
///
/// The layer has an entry for every path whose type, mode, owner, attributes, link target, size, content or (but for
/// directories) time differs, and for the directories above it. A file with several names is written under all of them
/// if it is under one. A directory that differs only in its entries has the time of the base: the time in `whole` is
/// that of the build. No symbolic link below either root is followed.
pub fn layer(
    base: &Path,
    whole: &Path,
    writer: impl Write,
    options: &Options,
) -> Result<Summary, LayerError> {
    let whiteouts = options.whiteouts;
    let changes = Scan::run(base, whole, whiteouts)?;
    let mut packer = Packer::new(writer, options);
    let mut all_gone = changes.whiteouts.iter().peekable();
    let mut walk = Walk::open(whole).map_err(|source| LayerError::Read {
        tree: "whole",
        path: String::new(),
        source,
    })?;
    while let Some(step) = walk.next() {
        let mut found = Found::new(step)?;
        while let Some(gone) = all_gone.next_if(|gone| **gone < found.path) {
            packer.write(whiteouts.entry(gone))?;
        }
        if !changes.has(&found.path) {
            continue;
        }
        if let Some(time) = changes.kept_times.get(&found.path) {
            found.set_time(*time);
        }
        if let Some(directory) = packer.visit(&found)? {
            let path = found.path;
            walk.enter(directory, &path)
                .map_err(|source| LayerError::Read {
                    tree: "whole",
                    path: path.to_string(),
                    source,
                })?;
        }
    }
    for gone in all_gone {
        packer.write(whiteouts.entry(gone))?;
    }
    Ok(packer.finish()?)
}

/// The part of a tree that is in the layer.
impl Changes {
    /// Whether a path of the whole tree has an entry in the layer.
    fn has(&self, path: &EntryPath) -> bool {
        self.written.contains(path)
            || self
                .new
                .range(..=path)
                .next_back()
                .is_some_and(|top| path.is_within(top.as_bytes()))
    }
}
