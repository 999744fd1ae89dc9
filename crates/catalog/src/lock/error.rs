//! The errors of a lock file.

use super::LOCK_FILE;
use crate::excerpt::Excerpt;

/// A lock file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It is of a version that this program does not know.
    #[error(
        "`{LOCK_FILE}` is of version {found}, and this llbgen reads version {supported}; use the llbgen that wrote it"
    )]
    Version {
        /// The version in the file.
        found: i64,
        /// The version that this program reads.
        supported: i64,
    },
    /// It has no version.
    #[error("`{LOCK_FILE}` has no `version`; remove it and run `llbgen lock`")]
    NoVersion,
    /// It has a conflict that git left.
    #[error(
        "`{LOCK_FILE}` line {line} is a conflict that git left; take either side, and run `llbgen lock`"
    )]
    Conflict {
        /// The line.
        line: usize,
    },
    /// It is not TOML, or an entry is invalid.
    #[error(
        "`{LOCK_FILE}` line {}, column {}: {message}\n{excerpt}",
        excerpt.line,
        excerpt.column
    )]
    Malformed {
        /// The place of the mistake.
        excerpt: Excerpt,
        /// The message.
        message: String,
    },
    /// It is not text.
    #[error("`{LOCK_FILE}` is not UTF-8 text")]
    NotText,
}
