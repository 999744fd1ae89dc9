//! The digest of a set of files. A graph that cannot hold the files themselves holds their digest, and the packer
//! compares it with the files that it gets from the daemon. Files that another client of the daemon sent in their
//! place are found out in this way.
//!
//! The digest covers paths, kinds, contents, and which files are executable, or all bits of their modes where these are
//! kept. It does not cover owners, times and directories, since all of these are set anew.

use sha2::{Digest, Sha256};

/// The first bytes of the hash, which change when the way of hashing does.
const FORMAT: &[u8] = b"llbgen file set 1\n";

/// The running digest. Files are added in the order of the bytes of their paths.
#[derive(Debug, Clone)]
pub struct FileSetDigest(Sha256);

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File {
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A regular file that keeps its mode: these permission bits.
    Kept(u32),
    /// A symbolic link; its content is its target.
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
    /// The digest of an empty set.
    pub fn new() -> Self {
        Self(Sha256::new_with_prefix(FORMAT))
    }

    /// Adds a file. Its path is relative to the directory that is sent, and empty if a single file is sent.
    pub fn add(&mut self, path: &[u8], kind: Kind, sha256: &[u8; 32]) {
        let letter = match kind {
            Kind::File { executable: false } => b'f',
            Kind::File { executable: true } => b'x',
            Kind::Kept(_) => b'm',
            Kind::Symlink => b'l',
            Kind::Special => b's',
        };
        // The length goes before the path, as a path may have any byte.
        self.0.update((path.len() as u64).to_le_bytes());
        self.0.update(path);
        self.0.update([letter]);
        if let Kind::Kept(mode) = kind {
            self.0.update(mode.to_le_bytes());
        }
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
            digest(&[("a", Kind::Kept(0o644), 1)]),
            digest(&[("a", Kind::Kept(0o4755), 1)]),
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
