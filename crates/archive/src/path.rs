//! Paths of entries, and the one order in which a canonical tar has them.

use std::cmp::Ordering;
use std::fmt;

/// A path inside a tree: relative, without `.`, `..`, empty parts or a closing slash; any bytes but NUL.
///
/// The order is that of a walk which reads every directory sorted by name: names are compared part by part, so
/// `a`, `a/x`, `a-b`, `a.c`, `a0`. It is the order of the `/` read as the byte 0.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EntryPath(Vec<u8>);

/// The reason why bytes are no [`EntryPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is that of the root itself.
    #[error("`{path}` names no entry inside the tree")]
    Empty {
        /// The path as it was found.
        path: String,
    },
    /// The path begins with a slash.
    #[error("path `{path}` is absolute")]
    Absolute {
        /// The path as it was found.
        path: String,
    },
    /// A part of the path is `..`.
    #[error("path `{path}` leads out of the tree")]
    ParentPart {
        /// The path as it was found.
        path: String,
    },
    /// The path has a part `.`, an empty part or a closing slash.
    #[error("path `{path}` is not in its shortest form")]
    Unclean {
        /// The path as it was found.
        path: String,
    },
    /// The path contains a NUL byte, which no file system can store.
    #[error("path `{path}` contains a NUL byte")]
    Nul {
        /// The path as it was found.
        path: String,
    },
}

impl EntryPath {
    /// The path with these bytes, if they are one.
    pub fn try_new(bytes: impl Into<Vec<u8>>) -> Result<Self, PathError> {
        let bytes = bytes.into();
        let path = || printable(&bytes);
        if bytes.is_empty() || bytes == b"." {
            return Err(PathError::Empty { path: path() });
        }
        if bytes[0] == b'/' {
            return Err(PathError::Absolute { path: path() });
        }
        if bytes.contains(&0) {
            return Err(PathError::Nul { path: path() });
        }
        for part in bytes.split(|&byte| byte == b'/') {
            match part {
                b".." => return Err(PathError::ParentPart { path: path() }),
                b"." | b"" => return Err(PathError::Unclean { path: path() }),
                _ => {}
            }
        }
        Ok(Self(bytes))
    }

    /// A path made by a walk of a file system, whose parts cannot be wrong.
    pub(crate) fn of_walk(bytes: Vec<u8>) -> Self {
        debug_assert!(Self::try_new(bytes.clone()).is_ok());
        Self(bytes)
    }

    /// The bytes of the path.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path of the directory that holds the entry; empty for the root.
    pub fn parent(&self) -> &[u8] {
        let end = self.0.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        &self.0[..end]
    }

    /// Whether `directory` is this path or one of the directories above it. The root is written as no bytes.
    pub(crate) fn is_within(&self, directory: &[u8]) -> bool {
        match self.0.strip_prefix(directory) {
            Some(rest) => directory.is_empty() || rest.is_empty() || rest[0] == b'/',
            None => false,
        }
    }
}

impl Ord for EntryPath {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |&byte: &u8| if byte == b'/' { 0 } else { byte };
        self.0.iter().map(key).cmp(other.0.iter().map(key))
    }
}

impl PartialOrd for EntryPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Bytes for a message. Bytes that are not UTF-8 or that a terminal obeys are escaped, so that no two names look alike.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.extend(chunk.valid().chars().flat_map(|char| {
            let escape = char.is_control() || char == '\\';
            let escaped = escape.then(|| char.escape_default());
            let plain = (!escape).then_some(char);
            escaped.into_iter().flatten().chain(plain)
        }));
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    text
}

#[cfg(test)]
mod tests;
