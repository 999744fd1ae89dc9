//! Whiteouts: the entries of a layer for paths that are gone.

use crate::entry::{Entry, Kind, Xattrs};
use crate::path::EntryPath;

/// The form of a whiteout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whiteouts {
    /// An empty file `.wh.NAME` beside it, as the OCI image specification (`layer.md`) has it.
    #[default]
    Oci,
    /// A character device 0/0 in its place, as the upper directory of a mounted overlay has it (the kernel's
    /// `overlayfs.rst`), so that the unpacked layer is one.
    Overlay,
}

/// The beginning of the name of a whiteout file.
const PREFIX: &[u8] = b".wh.";

impl Whiteouts {
    /// The path of the whiteout of `gone`.
    pub(super) fn path(self, gone: &EntryPath) -> EntryPath {
        if self == Self::Overlay {
            return gone.clone();
        }
        let bytes = gone.as_bytes();
        let (parent, name) = match bytes.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => bytes.split_at(slash + 1),
            None => (&bytes[..0], bytes),
        };
        EntryPath::of_walk([parent, PREFIX, name].concat())
    }

    /// The whiteout at `path`.
    pub(super) fn entry(self, path: &EntryPath) -> Entry {
        Entry {
            path: path.clone(),
            kind: match self {
                Self::Oci => Kind::File { size: 0 },
                Self::Overlay => Kind::WHITEOUT,
            },
            mode: 0,
            uid: 0,
            gid: 0,
            mtime: 0,
            xattrs: Xattrs::new(),
            content: None,
        }
    }

    /// Whether a file of this name would be taken for a whiteout.
    pub(super) fn is_name(self, name: &[u8]) -> bool {
        self == Self::Oci && name.starts_with(PREFIX)
    }
}
