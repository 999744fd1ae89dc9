//! Bundles: the tars that a large set of files travels in.
//!
//! A daemon asks for files one by one and puts each on its disk by itself, which takes longer than their bytes do. So a
//! large set goes in tars of at most 10 MB, each called by the digest of its files, and the packer puts their files into a
//! tree. Who sends them makes them while it sends; where only the files themselves come, the packer makes the same tars of
//! them inside the graph, so that everything after them is cached alike.

mod pack;
mod unpack;

use sha2::{Digest as _, Sha256};

pub use self::pack::bundle;
pub use self::unpack::unbundle;
use crate::block::{BLOCK, padding};
use crate::entry::{Entry, Kind, Xattrs};
use crate::header::{HeaderError, encode};
use crate::path::{EntryPath, PathError};

/// The most bytes of a bundle, 10 MB, but for a larger file, which is alone.
const MAX_BYTES: u64 = 10_000_000;

/// The usual bytes of a bundle.
const USUAL_BYTES: u64 = 4_000_000;

/// What ends a bundle.
pub const BUNDLE_END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// A file in a bundle: of root, 0755 or 0644, time 0, without attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled(Entry);

/// Why a file has no place in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Its path is none of a tree.
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

    /// What stands before its content.
    pub fn header(&self) -> Result<Vec<u8>, BundleError> {
        Ok(encode(&self.0)?)
    }

    /// What stands after it.
    pub fn padding(&self) -> &'static [u8] {
        &ZEROS[..padding(self.0.size())]
    }

    /// The bytes that it takes in a bundle.
    pub fn bytes(&self) -> Result<u64, BundleError> {
        let around = self.header()?.len() + self.padding().len();
        Ok(self.0.size() + around as u64)
    }
}

static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// Where the files of a set, in the order of the bytes of their paths, are cut into bundles.
///
/// Most cuts follow from the path and size of the file after them. So a file that comes, goes or grows changes the bundle
/// that it is in, and seldom the ones around it.
#[derive(Debug, Default)]
pub struct Cuts {
    /// The bytes of the current bundle.
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

/// Whether a bundle begins with this file by its path: so often that bundles have [`USUAL_BYTES`].
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
