//! What keeps a source from being fetched or pushed: one word for what registries, downloads, git and daemons say.

mod words;

pub use self::words::{NO_PLATFORM, status_in};

/// What keeps a source from being fetched or pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The network or TLS: nobody answers there, or it is somebody else.
    Unreachable,
    /// The server is overloaded or broken, or slow: another try may well succeed.
    Transient,
    /// It is not there, or needs a login.
    Missing,
    /// The server will not have it, for a reason that no login changes.
    Refused,
}

impl Trouble {
    /// The trouble that the status of an HTTP answer tells of; `None` for one that tells of none.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            408 | 429 | 500..=599 => Some(Self::Transient),
            401 | 403 | 404 | 410 => Some(Self::Missing),
            400..=499 => Some(Self::Refused),
            _ => None,
        }
    }

    /// The trouble that the words of a daemon, of git or of an HTTP client tell of.
    pub fn of_words(message: &str) -> Option<Self> {
        words::trouble(message)
    }

    /// The trouble that a code of the registry protocol tells of; `None` for one that is not known.
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
