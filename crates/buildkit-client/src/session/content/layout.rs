//! An OCI layout on the disk, read without ever following a symlink below its root: every step down opens one name in a
//! directory that is already open.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::session::opening;

/// The directory of an OCI layout.
#[derive(Debug, Clone)]
pub struct LayoutDir {
    path: PathBuf,
    root: Arc<OwnedFd>,
}

/// The name of a blob: `sha256:` and 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobDigest(String);

/// Text that is no [`BlobDigest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest of the form `sha256:` and 64 lower-case hex digits")]
pub struct BlobDigestError {
    /// The text that was given.
    pub text: String,
}

/// The reason why a file of a layout cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The file is missing, or may not be read.
    #[error(transparent)]
    Read(io::Error),
    /// The file, or a directory on the way to it, is a symlink, which could lead anywhere.
    #[error(
        "it is behind a symbolic link, which is not followed; `cp -rL` makes a copy without links"
    )]
    Link,
    /// It is not a plain file.
    #[error("it is not a plain file")]
    Kind,
    /// The size differs from that in its descriptor.
    #[error("it has {found} bytes, and should have {expected}")]
    Size {
        /// The size in its descriptor.
        expected: u64,
        /// The actual size.
        found: u64,
    },
}

/// The blobs of a layout that the daemon may read.
#[derive(Debug, Clone)]
pub struct ContentStore {
    id: String,
    layout: LayoutDir,
    sizes: BTreeMap<BlobDigest, u64>,
}

impl LayoutDir {
    /// Opens a directory, which may itself be a symlink.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let root = rustix::fs::open(&path, opening::DIR, Mode::empty())?;
        Ok(Self {
            path,
            root: Arc::new(root),
        })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file `name` at the top of the layout, such as `index.json`, and its size.
    pub fn file(&self, name: &str) -> Result<(File, u64), BlobError> {
        // A single name cannot lead out.
        if name.contains('/') || matches!(name, "." | "..") {
            return Err(BlobError::Kind);
        }
        open_file(&self.root, name)
    }

    /// The file of a blob, and its size. The content is not compared with the digest.
    pub fn blob(&self, digest: &BlobDigest) -> Result<(File, u64), BlobError> {
        let blobs = open_dir(&self.root, "blobs")?;
        let algorithm = open_dir(&blobs, BlobDigest::ALGORITHM)?;
        open_file(&algorithm, digest.hex())
    }

    /// The same for a blob that must have `size` bytes.
    pub fn sized_blob(&self, digest: &BlobDigest, size: u64) -> Result<File, BlobError> {
        match self.blob(digest)? {
            (file, found) if found == size => Ok(file),
            (_, found) => Err(BlobError::Size {
                expected: size,
                found,
            }),
        }
    }
}

impl BlobError {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Read(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl BlobDigest {
    const ALGORITHM: &'static str = "sha256";

    /// The digits after `sha256:`.
    pub fn hex(&self) -> &str {
        &self.0[Self::ALGORITHM.len() + 1..]
    }

    /// The whole digest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BlobDigest {
    type Err = BlobDigestError;

    fn from_str(text: &str) -> Result<Self, BlobDigestError> {
        let digits = text
            .strip_prefix(Self::ALGORITHM)
            .and_then(|rest| rest.strip_prefix(':'));
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(is_digit)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BlobDigestError {
                text: text.to_owned(),
            })
        }
    }
}

impl TryFrom<String> for BlobDigest {
    type Error = BlobDigestError;

    fn try_from(text: String) -> Result<Self, BlobDigestError> {
        text.parse()
    }
}

impl fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ContentStore {
    /// The blobs of `layout` that have a size in `sizes`, under the id that the graph asks for (`oci.store`).
    pub fn new(
        id: impl Into<String>,
        layout: LayoutDir,
        sizes: impl IntoIterator<Item = (BlobDigest, u64)>,
    ) -> Self {
        Self {
            id: id.into(),
            layout,
            sizes: sizes.into_iter().collect(),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The directory of its layout.
    pub fn directory(&self) -> &Path {
        self.layout.path()
    }

    /// The size that a blob has, if there is such a blob.
    pub fn size(&self, digest: &BlobDigest) -> Option<u64> {
        self.sizes.get(digest).copied()
    }

    pub(super) fn open(&self, digest: &BlobDigest, size: u64) -> Result<File, BlobError> {
        self.layout.sized_blob(digest, size)
    }
}

fn open_dir(above: &OwnedFd, name: &str) -> Result<OwnedFd, BlobError> {
    let opened = rustix::fs::openat(above, name, opening::DIR | OFlags::NOFOLLOW, Mode::empty());
    opened.map_err(|error| {
        // With both flags, Linux gives the same error for a symlink as for a file.
        if error == Errno::NOTDIR && is_link(above, name) {
            BlobError::Link
        } else {
            refused(error)
        }
    })
}

fn open_file(directory: &OwnedFd, name: &str) -> Result<(File, u64), BlobError> {
    let opened = rustix::fs::openat(directory, name, opening::FILE, Mode::empty());
    let file = File::from(opened.map_err(refused)?);
    let metadata = file.metadata().map_err(BlobError::Read)?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(BlobError::Kind)
    }
}

fn is_link(directory: &OwnedFd, name: &str) -> bool {
    rustix::fs::readlinkat(directory, name, Vec::new()).is_ok()
}

fn refused(error: Errno) -> BlobError {
    match error {
        Errno::LOOP => BlobError::Link,
        // A socket.
        Errno::NXIO => BlobError::Kind,
        error => BlobError::Read(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn digests_are_exact() {
        let digits = "0123456789abcdef".repeat(4);
        let text = format!("sha256:{digits}");
        let digest: BlobDigest = text.parse().unwrap();
        assert_eq!((digest.to_string(), digest.hex()), (text, digits.as_str()));
        for text in [
            String::new(),
            digits.clone(),
            format!("sha256:{}", &digits[1..]),
            format!("sha256:{digits}0"),
            format!("sha256:{}", digits.to_uppercase()),
            format!("sha512:{digits}{digits}"),
            format!("sha256:../{}", &digits[3..]),
            format!("sha256:{digits}\n"),
            format!("SHA256:{digits}"),
            format!("sha256::{}", &digits[1..]),
        ] {
            assert_eq!(
                text.parse::<BlobDigest>(),
                Err(BlobDigestError { text: text.clone() })
            );
        }
    }

    #[test]
    fn only_plain_files_inside_are_opened() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let digest: BlobDigest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let blobs = dir.path().join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        let blob = blobs.join(digest.hex());
        let open = || LayoutDir::open(dir.path()).unwrap().sized_blob(&digest, 1);
        assert!(open().unwrap_err().is_missing());

        fs::write(&blob, "b").unwrap();
        open().unwrap();
        fs::write(&blob, "bb").unwrap();
        let error = open().unwrap_err();
        assert_eq!(error.to_string(), "it has 2 bytes, and should have 1");

        fs::remove_file(&blob).unwrap();
        symlink(outside.path().join("secret"), &blob).unwrap();
        assert!(matches!(open(), Err(BlobError::Link)));
        fs::remove_file(&blob).unwrap();
        fs::create_dir(&blob).unwrap();
        assert!(matches!(open(), Err(BlobError::Kind)));
        fs::remove_dir(&blob).unwrap();
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &blob,
            rustix::fs::Mode::from_raw_mode(0o600),
        )
        .unwrap();
        assert!(matches!(open(), Err(BlobError::Kind)));

        fs::remove_dir_all(&blobs).unwrap();
        fs::write(outside.path().join(digest.hex()), "s").unwrap();
        symlink(outside.path(), &blobs).unwrap();
        assert!(matches!(open(), Err(BlobError::Link)));

        let layout = LayoutDir::open(dir.path()).unwrap();
        for name in ["..", ".", "../x", "/etc/passwd", ""] {
            assert!(layout.file(name).is_err(), "{name}");
        }
    }
}
