//! The digest of a set of files: a graph that cannot hold the files themselves holds this, and the packer compares it
//! with what the daemon gives it. What another client of the daemon sends in their place is found out by it.
//!
//! Paths, kinds, contents, and which files are executable are in the digest. Owners, times, other bits of modes and
//! directories are not, since all of them are set anew.

use sha2::{Digest, Sha256};

/// What is hashed first; it changes when the making does.
const FORMAT: &[u8] = b"llbgen file set 1\n";

/// The digest, while files are added in the order of the bytes of their paths.
#[derive(Debug, Clone)]
pub struct FileSetDigest(Sha256);

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File {
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A symbolic link; its content is what it points to.
    Symlink,
    /// A pipe, device or socket, which no set of files has.
    Special,
}

impl Default for FileSetDigest {
    fn default() -> Self {
        Self::new()
    }
}

impl FileSetDigest {
    /// That of no file.
    pub fn new() -> Self {
        Self(Sha256::new_with_prefix(FORMAT))
    }

    /// Adds a file. Its path is relative to the directory that is sent, and empty where a single file is.
    pub fn add(&mut self, path: &[u8], kind: Kind, sha256: &[u8; 32]) {
        let kind = match kind {
            Kind::File { executable: false } => b'f',
            Kind::File { executable: true } => b'x',
            Kind::Symlink => b'l',
            Kind::Special => b's',
        };
        // The length goes before the path, which may have any byte.
        self.0.update((path.len() as u64).to_le_bytes());
        self.0.update(path);
        self.0.update([kind]);
        self.0.update(sha256);
    }

    /// The 32 bytes.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(files: &[(&str, Kind, u8)]) -> [u8; 32] {
        let mut digest = FileSetDigest::new();
        for (path, kind, byte) in files {
            digest.add(path.as_bytes(), *kind, &[*byte; 32]);
        }
        digest.finish()
    }

    #[test]
    fn everything_that_a_set_is_changes_its_digest() {
        let plain = Kind::File { executable: false };
        let sets = [
            digest(&[]),
            digest(&[("", plain, 1)]),
            digest(&[("a", plain, 1)]),
            digest(&[("b", plain, 1)]),
            digest(&[("a", plain, 2)]),
            digest(&[("a", Kind::File { executable: true }, 1)]),
            digest(&[("a", Kind::Symlink, 1)]),
            digest(&[("a", Kind::Special, 1)]),
            digest(&[("a", plain, 1), ("b", plain, 1)]),
        ];
        for (index, set) in sets.iter().enumerate() {
            assert!(!sets[..index].contains(set), "{index}");
        }
        assert_eq!(digest(&[("a", plain, 1)]), digest(&[("a", plain, 1)]));
    }
}
