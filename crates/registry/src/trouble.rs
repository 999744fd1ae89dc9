//! The kinds of trouble with a source: one vocabulary for registries, downloads, git and daemons.

mod words;

pub use self::words::{NO_PLATFORM, status_in};

/// The reason why a source cannot be fetched or pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The network or TLS: no answer, or another server than the one meant.
    Unreachable,
    /// The server is overloaded or broken, or slow: another try may well succeed.
    Transient,
    /// It is not there, or needs a login.
    Missing,
    /// The server refuses, for a reason that no login changes.
    Refused,
}

impl Trouble {
    /// The trouble behind the status of an HTTP answer; `None` if the status means none.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            // Another try does not teach a server.
            501 | 505 => Some(Self::Refused),
            408 | 425 | 429 | 500..=599 => Some(Self::Transient),
            401 | 403 | 404 | 410 => Some(Self::Missing),
            400..=499 => Some(Self::Refused),
            _ => None,
        }
    }

    /// The trouble in the words of a daemon, of git or of an HTTP client.
    pub fn of_words(message: &str) -> Option<Self> {
        words::trouble(message)
    }

    /// The trouble behind a code of the registry protocol; `None` for an unknown code.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        match code {
            "TOOMANYREQUESTS" => Some(Self::Transient),
            "DENIED" | "UNAUTHORIZED" | "NAME_UNKNOWN" | "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN"
            | "NOT_FOUND" => Some(Self::Missing),
            "UNSUPPORTED" | "NAME_INVALID" | "TAG_INVALID" | "MANIFEST_INVALID"
            | "DIGEST_INVALID" | "SIZE_INVALID" => Some(Self::Refused),
            _ => None,
        }
    }
}
