//! The reasons why a local directory cannot be sent.

use std::io;
use std::path::PathBuf;

use super::declared::RelPathError;
use super::pattern::PatternError;

/// The reasons why a local directory cannot be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileSyncError {
    /// The directory itself cannot be opened.
    #[error("cannot open directory `{}`", path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file in it cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The path in the directory.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A declared file is missing.
    #[error("`{path}` is declared but does not exist")]
    Missing {
        /// The path in the directory.
        path: String,
    },
    /// A file differs from its declaration, or changed while it was read.
    #[error("`{path}` changed since it was declared: its {what} differs")]
    Changed {
        /// The path in the directory.
        path: String,
        /// The difference: `kind`, `size`, `content` or `target`.
        what: &'static str,
    },
    /// Declared files contradict each other.
    #[error("declared files contradict each other")]
    Declared(#[from] RelPathError),
    /// The graph has a pattern that cannot be read.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl FileSyncError {
    pub(super) fn read(path: &[u8], source: impl Into<io::Error>) -> Self {
        Self::Read {
            path: shown(path),
            source: source.into(),
        }
    }

    pub(super) fn changed(path: &[u8], what: &'static str) -> Self {
        Self::Changed {
            path: shown(path),
            what,
        }
    }

    pub(super) fn missing(path: &[u8]) -> Self {
        Self::Missing { path: shown(path) }
    }
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
