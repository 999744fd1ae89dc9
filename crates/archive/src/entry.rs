//! One member of a tree, as a canonical tar describes it.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::path::EntryPath;

/// Extended attributes by name, such as `security.capability`.
pub type Xattrs = BTreeMap<Vec<u8>, Vec<u8>>;

/// A file, directory, link or other member of a tree. Entries are ordered by their paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The path in the tree.
    pub path: EntryPath,
    /// The actual digest.
    pub kind: Kind,
    /// The permission bits with set-uid, set-gid and sticky: at most `0o7777`.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// Modification time in whole seconds since 1970, negative before.
    pub mtime: i64,
    /// Extended attributes; none for hard links, whose target has them.
    pub xattrs: Xattrs,
    /// The digest of a regular file's content; `None` for everything else and while it has not been read.
    pub content: Option<Digest>,
}

/// The kind of a member of a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File {
        /// Bytes of content, holes included.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// The target as it stands in the link.
        target: Vec<u8>,
    },
    /// A hard link to an earlier file.
    HardLink {
        /// The first name of that file.
        target: EntryPath,
    },
    /// A named pipe.
    Fifo,
    /// A character or block device.
    Device {
        /// Which of the two.
        class: DeviceClass,
        /// The number of its driver.
        major: u32,
        /// The number of the device for its driver.
        minor: u32,
    },
}

/// The two classes of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceClass {
    /// Read and written byte by byte, such as `/dev/null`.
    Character,
    /// Read and written in blocks, such as `/dev/loop0`.
    Block,
}

impl Kind {
    /// The character device 0/0: in a layer for an overlay, it says that the path is gone; in a tree, it is a plain
    /// device.
    pub const WHITEOUT: Self = Self::Device {
        class: DeviceClass::Character,
        major: 0,
        minor: 0,
    };
}

impl Entry {
    /// The bytes of content that follow the entry in a tar: 0 for all but regular files.
    pub fn size(&self) -> u64 {
        if let Kind::File { size } = self.kind {
            size
        } else {
            0
        }
    }
}

/// Whether a canonical tar keeps the extended attribute `name`.
///
/// `trusted.*` belongs to the kernel's overlay, `security.selinux` to the machine, and `com.apple.*` is left out
/// by BuildKit's own exporter (`skipXattr` in fsutil's `stat_unix.go`).
pub(crate) fn keeps_xattr(name: &[u8]) -> bool {
    let dropped = name.starts_with(b"trusted.") || name.starts_with(b"com.apple.");
    !dropped && name != b"security.selinux"
}
