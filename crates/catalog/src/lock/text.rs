//! The lock as a file: sorted TOML, the same bytes for equal locks.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{Lock, LockError};
use crate::excerpt::Excerpt;

/// The version of the format.
const VERSION: i64 = 1;

const HEADER: &str = "\
# What this catalog's references stand for. Written by `llbgen lock` and `llbgen update`; review it like Cargo.lock.
";

/// The version of a file: always [`VERSION`], since other versions are refused before anything else is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Version(i64);

impl Default for Version {
    fn default() -> Self {
        Self(VERSION)
    }
}

/// The part of a file that is read first.
#[derive(Deserialize)]
struct Preamble {
    version: Option<i64>,
}

impl Lock {
    /// Reads a lock file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LockError> {
        let text = str::from_utf8(bytes).map_err(|_| LockError::NotText)?;
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            return Err(LockError::Conflict { line: line + 1 });
        }
        let preamble: Preamble = toml::from_str(text).map_err(|error| malformed(text, &error))?;
        match preamble.version {
            None => Err(LockError::NoVersion),
            Some(VERSION) => toml::from_str(text).map_err(|error| malformed(text, &error)),
            Some(found) => Err(LockError::Version {
                found,
                supported: VERSION,
            }),
        }
    }

    /// The text of the lock's file.
    ///
    /// # Panics
    /// Never: every value of a lock can be written in TOML.
    pub fn to_text(&self) -> String {
        let mut text = HEADER.to_owned();
        let body = toml::to_string(self).expect("a lock is a table of tables and text");
        _ = write!(text, "{body}");
        text
    }
}

fn malformed(text: &str, error: &toml::de::Error) -> LockError {
    LockError::Malformed {
        excerpt: Excerpt::of(text, error.span().unwrap_or_default()),
        message: error.message().trim().replace('\n', " "),
    }
}
