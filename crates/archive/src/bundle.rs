//! Bundles: the tars that a large set of files travels in.
//!
//! A daemon asks for files one by one and stores each by itself, which takes longer than moving their bytes. So a
//! large set travels in tars of at most 10 MB, each named by the digest of its files, and the packer puts their files
//! into a tree. The sender makes the tars while it sends. Where the plain files are sent, the packer makes the same
//! tars inside the graph, so that all later steps are cached alike.

mod pack;
mod unpack;

use sha2::{Digest as _, Sha256};

pub use self::pack::bundle;
pub use self::unpack::unbundle;
use crate::block::{BLOCK, padding};
use crate::entry::{Entry, Kind, Xattrs};
use crate::header::{HeaderError, encode};
use crate::path::{EntryPath, PathError};

/// The largest size of a bundle, 10 MB. A larger file is alone in its bundle.
const MAX_BYTES: u64 = 10_000_000;

/// The usual size of a bundle.
const USUAL_BYTES: u64 = 4_000_000;

/// The end of a bundle.
pub const BUNDLE_END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// A file in a bundle: of root, 0755 or 0644, time 0, without attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled(Entry);

/// The reason why a file has no place in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Its path is not one of a tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// No header can hold it.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

impl Bundled {
    /// A regular file with `size` bytes.
    pub fn file(path: &[u8], executable: bool, size: u64) -> Result<Self, BundleError> {
        let mode = if executable { 0o755 } else { 0o644 };
        Self::new(path, mode, Kind::File { size })
    }

    /// A symbolic link.
    pub fn symlink(path: &[u8], target: &[u8]) -> Result<Self, BundleError> {
        let target = target.to_vec();
        Self::new(path, 0o777, Kind::Symlink { target })
    }

    fn new(path: &[u8], mode: u32, kind: Kind) -> Result<Self, BundleError> {
        Ok(Self(Entry {
            path: EntryPath::try_new(path)?,
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime: 0,
            xattrs: Xattrs::new(),
            content: None,
        }))
    }

    /// The bytes before its content.
    pub fn header(&self) -> Result<Vec<u8>, BundleError> {
        Ok(encode(&self.0)?)
    }

    /// The bytes after its content.
    pub fn padding(&self) -> &'static [u8] {
        &ZEROS[..padding(self.0.size())]
    }

    /// The number of bytes that it takes in a bundle.
    pub fn bytes(&self) -> Result<u64, BundleError> {
        let around = self.header()?.len() + self.padding().len();
        Ok(self.0.size() + around as u64)
    }
}

static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// The cuts between the bundles of a set, whose files are in the order of the bytes of their paths.
///
/// Most cuts follow from the path and size of the file after them. So a file that is added, removed or grows changes
/// its own bundle, and seldom the bundles around it.
#[derive(Debug, Default)]
pub struct Cuts {
    /// The size of the current bundle.
    bytes: u64,
}

impl Cuts {
    /// Whether a new bundle begins with the next file, which has `size` bytes.
    pub fn is_before(&mut self, path: &[u8], size: u64) -> bool {
        let member = BLOCK as u64 + size.next_multiple_of(BLOCK as u64);
        let is_full = self.bytes > 0 && self.bytes + member > MAX_BYTES;
        let is_cut = self.bytes == 0 || is_full || is_by_path(path, member);
        self.bytes = if is_cut { member } else { self.bytes + member };
        is_cut
    }
}

/// Whether a bundle begins with this file because of its path. This is so often enough to give bundles [`USUAL_BYTES`].
fn is_by_path(path: &[u8], member: u64) -> bool {
    let digest = Sha256::digest(path);
    let number = u64::from(u32::from_be_bytes([
        digest[0], digest[1], digest[2], digest[3],
    ]));
    number * USUAL_BYTES / (1 << 32) < member
}

/// The file name of the bundle whose files have this digest.
pub fn bundle_name(files: &[u8; 32]) -> String {
    format!("{}.tar", crate::Digest::from(*files).hex())
}

#[cfg(test)]
mod tests;
