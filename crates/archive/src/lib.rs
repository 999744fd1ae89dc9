//! Tars: the canonical writer, and readers that refuse what is broken.
//!
//! There is one canonical form of a tree, the same on every daemon:
//! - entries in the order of a walk that reads each directory sorted by name ([`EntryPath`]); directories end in `/`;
//!   no entry for the root;
//! - modification times in whole seconds, cut and never rounded, and no later than [`Options::with_epoch`] says;
//! - numeric owners; all extended attributes but `trusted.*`, `security.selinux` and `com.apple.*`;
//! - a file with several names is written under the first, the others are hard links to it;
//! - sparse files dense, devices kept, sockets left out as GNU tar and containerd leave them out;
//! - ustar headers, with PAX records only for what ustar cannot hold, and two blocks of zeros at the end.
//!
//! [`canonicalize()`] rewrites BuildKit's stream; [`pack()`] packs a tree on disk; [`layer()`] packs the diff between
//! two trees; [`check_rootfs()`] checks and hashes a tar that a user brings; [`list()`] lists the members of a tar;
//! [`Tree`] is what the layers of an image make together, and compares two of them;
//! [`copy()`] and [`Unpacker`] put files into a tree on disk, [`make_files()`] and its like make new ones; [`bundle()`]
//! and [`unbundle()`] do so by way of tars, for many files; [`unpack_plain()`] makes files of whoever calls it. All of
//! them stream.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use archive::{Options, canonicalize, list, pack};
//!
//! let tree = tempfile::tempdir()?;
//! std::fs::create_dir(tree.path().join("etc"))?;
//! std::fs::write(tree.path().join("etc/hostname"), "box\n")?;
//!
//! let mut tar = Vec::new();
//! let packed = pack(tree.path(), &mut tar, &Options::new().with_epoch(1_700_000_000))?;
//! assert_eq!((packed.entries, packed.bytes), (2, 2560));
//!
//! // The canonical form of a canonical tar is the tar itself.
//! let again = canonicalize(tar.as_slice(), std::io::sink(), &Options::new())?;
//! assert_eq!(again.sha256, packed.sha256);
//!
//! let paths: Vec<_> = list(tar.as_slice())?.iter().map(|entry| entry.path.to_string()).collect();
//! assert_eq!(paths, ["etc", "etc/hostname"]);
//! # Ok(())
//! # }
//! ```

mod block;
mod bundle;
mod canonicalize;
mod compress;
mod compression;
mod digest;
mod entry;
mod extension;
#[cfg(test)]
mod handmade;
mod header;
mod layer;
mod layout;
mod list;
mod member;
mod number;
mod pack;
mod path;
mod pax;
mod place;
mod rootfs;
mod sequence;
mod source;
mod sparse;
mod stream;
mod tree;
mod walk;
mod writer;
mod xattr;

pub use bundle::{BUNDLE_END, BundleError, Bundled, Cuts, bundle, bundle_name, unbundle};
pub use canonicalize::{CanonicalizeError, canonicalize};
pub use compress::{Compress, Compressor};
pub use compression::Compression;
pub use digest::{Digest, ParseDigestError};
pub use entry::{DeviceClass, Entry, Kind, Xattrs};
pub use file_set::{Excludes, Mode, Owner};
pub use header::HeaderError;
pub use layer::{LayerError, Whiteouts, layer};
pub use list::{ListError, list, list_layer};
pub use member::EntryError;
pub use pack::{PackError, pack};
pub use path::{EntryPath, PathError};
pub use place::{
    Attributes, Copy, LeftOut, PlaceError, Unpacker, ZipError, copy, make_directories, make_files,
    make_links, make_missing_directories, remove, unpack_plain,
};
pub use rootfs::{RootfsError, RootfsTar, check_rootfs};
pub use sequence::SequenceError;
pub use stream::TarError;
pub use tree::{Aspect, Difference, Tree, TreeError};
pub use writer::{Options, Summary};
