//! The layer that makes one tree of another: what is new or changed, and a whiteout for what is gone.
//!
//! The form is that of the OCI image specification (`layer.md`), with explicit whiteouts only. Applied to `base` it gives
//! `whole`, but for the times of directories that changed in nothing else.

mod changes;
mod links;
mod pair;

use std::io::{self, Write};
use std::path::Path;

use self::changes::{Changes, Scan};
use crate::entry::{Entry, Kind, Xattrs};
use crate::pack::{Found, PackError, Packer};
use crate::path::EntryPath;
use crate::walk::Walk;
use crate::writer::{Options, Summary};

/// How the name of a whiteout begins.
pub(crate) const WHITEOUT: &[u8] = b".wh.";

/// Why a layer was not written.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A tree cannot be read.
    #[error("cannot read `{path}` in the {tree} tree")]
    Read {
        /// `base` or `whole`.
        tree: &'static str,
        /// What, below its root; empty for the root.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the tree has the name of a whiteout, so that a layer with it would remove another one.
    #[error("`{path}` cannot be in a layer: its name is that of a whiteout")]
    WhiteoutName {
        /// The path.
        path: EntryPath,
    },
    /// The layer cannot be written.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Writes what makes `whole` of `base` as a canonical layer tar.
///
/// An entry stands for every path whose type, mode, owner, attributes, link target, size, content or (but for
/// directories) time differs, and for the directories above it; a file with several names is written under all of them
/// when one is. Devices are nowhere, as in every canonical tar. No symbolic link below either root is followed.
pub fn layer(
    base: &Path,
    whole: &Path,
    writer: impl Write,
    options: &Options,
) -> Result<Summary, LayerError> {
    let changes = Scan::run(base, whole)?;
    let mut packer = Packer::new(writer, options);
    let mut whiteouts = changes.whiteouts.iter().peekable();
    let mut walk = Walk::open(whole).map_err(|source| LayerError::Read {
        tree: "whole",
        path: String::new(),
        source,
    })?;
    while let Some(step) = walk.next() {
        let found = Found::new(step)?;
        while let Some(gone) = whiteouts.next_if(|gone| **gone < found.path) {
            packer.write(whiteout(gone))?;
        }
        if !changes.has(&found.path) {
            continue;
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
    for gone in whiteouts {
        packer.write(whiteout(gone))?;
    }
    Ok(packer.finish()?)
}

fn whiteout(path: &EntryPath) -> Entry {
    Entry {
        path: path.clone(),
        kind: Kind::File { size: 0 },
        mode: 0,
        uid: 0,
        gid: 0,
        mtime: 0,
        xattrs: Xattrs::new(),
        content: None,
    }
}

/// The whiteout of a path: beside it, with its name behind the prefix.
fn whiteout_of(path: &EntryPath) -> EntryPath {
    let bytes = path.as_bytes();
    let (parent, name) = match bytes.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => bytes.split_at(slash + 1),
        None => (&bytes[..0], bytes),
    };
    EntryPath::of_walk([parent, WHITEOUT, name].concat())
}

/// What a layer has of a tree.
impl Changes {
    /// Whether the layer has an entry for a path of the whole tree.
    fn has(&self, path: &EntryPath) -> bool {
        self.written.contains(path)
            || self
                .new
                .range(..=path)
                .next_back()
                .is_some_and(|top| path.is_within(top.as_bytes()))
    }
}
