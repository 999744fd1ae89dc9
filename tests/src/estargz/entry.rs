//! What the table of contents and the tar both say of a file.

use std::collections::BTreeMap;

/// A file of a layer, without its path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// `dir`, `reg`, `symlink`, `hardlink`, `char`, `block` or `fifo`.
    pub kind: String,
    /// The length of a file's content.
    pub size: u64,
    /// Its permissions, with the bits of setuid, setgid and sticky.
    pub mode: u32,
    /// The ids of its user and group.
    pub owner: (u64, u64),
    /// When its content changed, in seconds since 1970.
    pub modified: i64,
    /// The target of a link.
    pub link: String,
    /// The numbers of a device.
    pub device: (u32, u32),
    /// Its extended attributes.
    pub xattrs: BTreeMap<String, Vec<u8>>,
    /// The sha256 of a file's content.
    pub digest: String,
}

/// A path without what stands for the root, which is nothing itself.
pub(super) fn plain(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path == "." {
        String::new()
    } else {
        path.to_owned()
    }
}

/// The target of a link: that of a hard link is a path in the layer.
pub(super) fn link(kind: &str, target: &str) -> String {
    if kind == "hardlink" {
        plain(target)
    } else {
        target.to_owned()
    }
}
