//! Local directories as the caller declares them: the files that the daemon may see, and their content.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// A directory that the daemon may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDir {
    /// The name under which the graph asks for it (`local://NAME`).
    pub name: String,
    /// The path of the root, which may be a symlink; below it, no symlink is followed.
    pub root: PathBuf,
    /// The visible files.
    pub files: DeclaredFiles,
}

/// The files of a [`LocalDir`] that the daemon can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeclaredFiles {
    /// All files, as they are when they are read.
    All,
    /// These files and the directories above them, and nothing else.
    ///
    /// Exactly the declared files are sent: a file that is missing, or whose kind, size or content differs, fails the
    /// solve. Files are sent with their declared mode and directories with 0755, whatever the umask was; extended
    /// attributes and hard links are left out, because no declaration covers them.
    Exact(BTreeMap<RelPath, Expected>),
    /// These files in one directory. They are not on the disk: each is made of files on the disk when the daemon asks
    /// for it.
    Made(MadeDir),
}

/// A directory with files that are made while they are sent.
#[derive(Debug, Clone)]
pub struct MadeDir {
    /// Its name, below the root.
    pub name: RelPath,
    /// The files, by name, in the order of the bytes of their names.
    pub files: BTreeMap<RelPath, MadeFile>,
    /// The parts that they are made of.
    pub maker: Arc<dyn MakeFile>,
}

/// A file that is made while it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeFile {
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its parts: files with equal digests have equal bytes.
    pub identity: [u8; 32],
}

/// A source of the parts of made files.
pub trait MakeFile: fmt::Debug + Send + Sync {
    /// The parts of the file with this digest, one after the other; `None` if it is unknown.
    fn parts(&self, identity: &[u8; 32]) -> Box<dyn Iterator<Item = MadePart> + '_>;
}

/// A part of a file that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadePart {
    /// Some bytes.
    Bytes(Vec<u8>),
    /// A file below the root. If it is missing or has another content, the solve fails.
    File {
        /// The path.
        path: RelPath,
        /// The SHA-256 of its content.
        sha256: [u8; 32],
        /// Its size in bytes.
        size: u64,
    },
}

impl PartialEq for MadeDir {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.files == other.files
    }
}

impl Eq for MadeDir {}

/// The declared properties of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A plain file.
    File {
        /// The SHA-256 of its content.
        sha256: [u8; 32],
        /// Its size in bytes.
        size: u64,
        /// The permission bits that it is sent with, setuid, setgid and sticky among them: 12 bits.
        mode: u32,
    },
    /// A symlink with this target, sent as it is.
    Symlink {
        /// The target, byte for byte.
        target: Vec<u8>,
    },
}

/// A path below a directory: `a/b`, without `.`, `..`, empty names or a slash at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(String);

/// Text that is no [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not a relative path of plain names")]
pub struct RelPathError {
    /// The text as given.
    pub path: String,
}

impl LocalDir {
    /// A directory of which these files are visible.
    pub fn new(name: impl Into<String>, root: impl Into<PathBuf>, files: DeclaredFiles) -> Self {
        Self {
            name: name.into(),
            root: root.into(),
            files,
        }
    }
}

impl RelPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RelPath {
    type Err = RelPathError;

    fn from_str(path: &str) -> Result<Self, RelPathError> {
        let plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0');
        if path.split('/').all(plain) {
            Ok(Self(path.into()))
        } else {
            Err(RelPathError { path: path.into() })
        }
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Declared files as a tree, so that a walk meets them in the order of names, as a directory listing does.
#[derive(Debug)]
pub(super) enum Node {
    Dir(Children),
    Leaf(Expected),
}

/// The entries of a directory, by name.
pub(super) type Children = BTreeMap<Vec<u8>, Node>;

/// The tree of declared files; `None` if everything is visible, or can be asked for by name. A file with others below
/// it is an error.
pub(super) fn tree(files: &DeclaredFiles) -> Result<Option<Children>, RelPathError> {
    let DeclaredFiles::Exact(files) = files else {
        return Ok(None);
    };
    let mut root = Children::new();
    for (path, expected) in files {
        insert(&mut root, path.as_str(), expected).ok_or_else(|| RelPathError {
            path: path.0.clone(),
        })?;
    }
    Ok(Some(root))
}

fn insert(mut dir: &mut Children, path: &str, expected: &Expected) -> Option<()> {
    let (above, name) = path
        .rsplit_once('/')
        .map_or((None, path), |(above, name)| (Some(above), name));
    for parent in above.into_iter().flat_map(|above| above.split('/')) {
        match dir
            .entry(parent.into())
            .or_insert_with(|| Node::Dir(Children::new()))
        {
            Node::Dir(children) => dir = children,
            Node::Leaf(_) => return None,
        }
    }
    dir.insert(name.into(), Node::Leaf(expected.clone()))
        .is_none()
        .then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_their_root() {
        for path in ["a", "a/b.c", "..a/b..", "a b/ü"] {
            assert_eq!(path.parse::<RelPath>().unwrap().to_string(), path);
        }
        for path in ["", "/a", "a/", "a//b", ".", "./a", "..", "a/../b", "a\0b"] {
            assert_eq!(
                path.parse::<RelPath>(),
                Err(RelPathError { path: path.into() }),
                "{path}"
            );
        }
    }

    #[test]
    fn a_file_holds_no_files() {
        let link = Expected::Symlink {
            target: b"x".to_vec(),
        };
        let declare = |paths: &[&str]| {
            let files = paths
                .iter()
                .map(|path| (path.parse().unwrap(), link.clone()));
            tree(&DeclaredFiles::Exact(files.collect()))
        };
        assert!(declare(&["a/b", "a/c", "a-b"]).is_ok());
        assert_eq!(declare(&["a", "a/b"]).unwrap_err().path, "a/b");
        assert_eq!(declare(&["a", "a-b", "a/b/c"]).unwrap_err().path, "a/b/c");
    }
}
