//! The keys and values of the lock, each checked as it is read.

use std::{fmt, str::FromStr};

use buildkit_llb::{ContentDigest, Git, GitUrl, ImageRef, Platform, SourceContent};
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

/// A text in a file that is read by its `FromStr` and written by its `Display`.
macro_rules! as_text {
    ($($name:ident),*) => {
        $(impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse().map_err(|error| format!("{error}"))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        })*
    };
}

as_text!(ImageKey, Checksum, PlatformKey, Commit, Epoch, GitSource);

/// The name of an image in the lock: the reference that people write (`ubuntu:latest`), without a digest if it has a
/// tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageKey(String);

impl ImageKey {
    /// The entry that pins `image`.
    pub fn of(image: &ImageRef) -> Self {
        let familiar = image.familiar();
        Self(match (image.tag(), familiar.split_once('@')) {
            (Some(_), Some((tagged, _digest))) => tagged.to_owned(),
            _ => familiar,
        })
    }

    /// The reference as people write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImageKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let image: ImageRef = text.parse().map_err(|error| format!("{error}"))?;
        let key = Self::of(&image);
        if key.0 == text {
            Ok(key)
        } else {
            Err(format!("`{text}` must be written as `{key}`"))
        }
    }
}

impl fmt::Display for ImageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Checksum(pub(super) ContentDigest);

impl FromStr for Checksum {
    type Err = buildkit_llb::DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A platform in its canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct PlatformKey(pub(super) Platform);

/// In the order of the texts, so that the file is sorted for its reader.
impl Ord for PlatformKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for PlatformKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for PlatformKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let platform: Platform = text.parse().map_err(|error| format!("{error}"))?;
        let key = Self(platform.normalized());
        if key.to_string() == text {
            Ok(key)
        } else {
            Err(format!("`{text}` must be written as `{key}`"))
        }
    }
}

impl fmt::Display for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A git commit: 40 hex digits, or 64 in a repository that hashes with sha256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Commit(String);

impl Commit {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Commit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_hex = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not a commit: it must be 40 or 64 lower-case hex digits"
            ))
        }
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A git repository and a branch or tag of it: `https://example.com/x.git#v1`. Without a ref, its default branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GitSource {
    text: String,
    url: GitUrl,
    reference: Option<String>,
}

impl GitSource {
    /// The repository.
    pub fn url(&self) -> &str {
        self.text.split('#').next().unwrap_or(&self.text)
    }

    pub(crate) fn git_url(&self) -> &GitUrl {
        &self.url
    }

    /// The source in the form of a request to a daemon.
    pub fn content(&self) -> Option<SourceContent> {
        let git = Git::new(self.url.clone());
        let git = match &self.reference {
            Some(reference) => git.git_ref(reference.as_str()),
            None => git,
        };
        SourceContent::of(&git.state())
    }

    /// The branch, tag or commit.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

impl PartialEq for GitSource {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for GitSource {}

impl PartialOrd for GitSource {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GitSource {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl FromStr for GitSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed =
            || format!("`{text}` is not a git repository such as `https://example.com/x.git#v1`");
        let (url, reference) = match text.split_once('#') {
            Some((url, reference)) => (url, Some(reference)),
            None => (text, None),
        };
        let is_ref = |reference: &str| {
            !reference.is_empty()
                && !reference.starts_with('-')
                && !reference.contains(|c: char| c.is_whitespace() || c.is_control() || c == ':')
        };
        // Over ssh, a checkout would depend on the host keys of the user who builds.
        let is_web = ["https://", "http://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        if !is_web || !reference.is_none_or(is_ref) {
            return Err(malformed());
        }
        Ok(Self {
            text: text.to_owned(),
            url: url.parse().map_err(|_| malformed())?,
            reference: reference.map(str::to_owned),
        })
    }
}

impl fmt::Display for GitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A moment in whole seconds, written as `2026-11-26T08:10:25Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch(Timestamp);

/// A text that is no [`Epoch`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a moment in UTC such as `2026-11-26T08:10:25Z`")]
pub struct EpochError {
    /// The text.
    pub text: String,
}

impl Epoch {
    /// The moment `seconds` after the start of 1970; `None` after the year 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(Self)
    }
}

impl FromStr for Epoch {
    type Err = EpochError;

    fn from_str(text: &str) -> Result<Self, EpochError> {
        let malformed = || EpochError {
            text: text.to_owned(),
        };
        let moment: Timestamp = text.parse().map_err(|_| malformed())?;
        let moment = moment.round(Unit::Second).map_err(|_| malformed())?;
        // One spelling, so that the step's environment is the same on every machine.
        if moment.to_string() == text {
            Ok(Self(moment))
        } else {
            Err(malformed())
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
