//! Downloads whose content does not match their checksums, told from servers that answer with an error.
//!
//! When a checksum is set, BuildKit hashes the body of every answer, so that an outage of a server reads as
//! `digest mismatch`. A second question without the checksum finds the real reason.

use std::fmt;

use buildkit_client::{BuildFailure, FailureSource, ResolveError, SolveError};
use buildkit_llb::SourceContent;
use catalog::{LOCK_FILE, Plan, Read};

use crate::{
    build::FailureReason,
    download_server::{Downloads, Served, served},
    source_failure::{self, SourceFailure, SourceKind, Trouble},
};

/// The beginning of the message of BuildKit's `source/http` about another file.
const MISMATCH: &str = "digest mismatch";

/// A download whose content does not match its checksum.
#[derive(Debug, thiserror::Error)]
#[error("{url} is not the file that it was: {expected_by} expects `{expected}`, and {} came{}", found.as_ref().map_or_else(|| "another one".to_owned(), |found| format!("`{found}`")), self.mirror_told())]
pub struct ChecksumFailure {
    /// The URL.
    pub url: String,
    /// The URL that it was fetched from: a mirror's, or its own.
    pub address: String,
    /// The origin of the expected digest.
    pub expected_by: ExpectedBy,
    /// The digest that is expected.
    pub expected: String,
    /// The digest of what came, if it is known.
    pub found: Option<String>,
    /// Its places in the user's files.
    pub sources: Vec<FailureSource>,
    /// Why the server could not be asked a second time.
    #[source]
    pub unasked: Option<ResolveError>,
}

/// The origin of an expected digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedBy {
    /// The lock.
    Lock,
    /// The step itself.
    Step,
}

impl fmt::Display for ExpectedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock => write!(f, "`{LOCK_FILE}`"),
            Self::Step => f.write_str("the step"),
        }
    }
}

impl ChecksumFailure {
    /// The failure, if `source` is a download of `plan` and the daemon says that its checksum does not match.
    pub fn of(plan: &Plan, source: &SourceContent, failure: &BuildFailure) -> Option<Self> {
        let (SourceKind::Download, address) = source_failure::known(source)? else {
            return None;
        };
        let expected = source.http_checksum()?.to_owned();
        if failure.exit_code.is_some() || !failure.message.contains(MISMATCH) {
            return None;
        }
        let (url, expected_by) = match plan.download_at(&address) {
            Some(Read::Http {
                url,
                checksum: None,
            }) => (url, ExpectedBy::Lock),
            Some(Read::Http { url, .. }) => (url, ExpectedBy::Step),
            _ => (&address, ExpectedBy::Step),
        };
        Some(Self {
            expected_by,
            url: url.clone(),
            address,
            expected,
            found: came(&failure.message, source.http_checksum()?),
            sources: failure.sources.clone(),
            unasked: None,
        })
    }

    fn mirror_told(&self) -> String {
        if self.address == self.url {
            return String::new();
        }
        format!(" from {}", self.address)
    }

    /// The true reason: the server is asked once more, without the checksum.
    pub async fn explained(self, downloads: &impl Downloads) -> FailureReason {
        match served(&self.address, downloads).await {
            Ok(Served::File(digest)) => found(self, digest),
            Ok(Served::Refused(message)) => refused(self, message),
            Err(ResolveError::Cancelled) => FailureReason::Solve(SolveError::Cancelled),
            Err(error) => unasked(self, error),
        }
    }
}

/// The digest that the daemon names beside the expected one.
fn came(message: &str, expected: &str) -> Option<String> {
    let words = message.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
    let mut digests = words
        .map(|word| word.trim_end_matches(':'))
        .filter(|word| word.starts_with("sha256:") && *word != expected);
    digests.next().map(str::to_owned)
}

/// The failure when the server sends a file: another one, if its digest is not known.
fn found(failure: ChecksumFailure, digest: Option<String>) -> FailureReason {
    if digest.as_ref() != Some(&failure.expected) {
        let found = digest.or(failure.found);
        return ChecksumFailure { found, ..failure }.into();
    }
    // The error of a moment ago is gone.
    FailureReason::Source(Box::new(SourceFailure {
        reference: failure.address,
        kind: SourceKind::Download,
        trouble: Trouble::Transient,
        status: None,
        sources: failure.sources,
        error: None,
    }))
}

/// The failure when the server says why it sends no file.
fn refused(failure: ChecksumFailure, message: String) -> FailureReason {
    let Some(trouble) = Trouble::of_words(&message) else {
        let name = failure.address.clone();
        return unasked(failure, ResolveError::Refused { name, message });
    };
    FailureReason::Source(Box::new(SourceFailure {
        reference: failure.address,
        kind: SourceKind::Download,
        trouble,
        status: registry::status_in(&message),
        sources: failure.sources,
        error: None,
    }))
}

/// The failure when the server cannot be asked: the daemon's first message stays.
fn unasked(failure: ChecksumFailure, why: ResolveError) -> FailureReason {
    ChecksumFailure {
        unasked: Some(why),
        ..failure
    }
    .into()
}

impl From<ChecksumFailure> for FailureReason {
    fn from(failure: ChecksumFailure) -> Self {
        Self::Checksum(Box::new(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = "sha256:1";

    fn failure() -> ChecksumFailure {
        ChecksumFailure {
            url: "http://example.com/x".to_owned(),
            address: "http://example.com/x".to_owned(),
            expected_by: ExpectedBy::Lock,
            expected: EXPECTED.to_owned(),
            found: None,
            sources: Vec::new(),
            unasked: None,
        }
    }

    #[test]
    fn a_file_that_changed_is_told_with_both_digests() {
        let reason = found(failure(), Some("sha256:2".to_owned()));
        assert_eq!(
            reason.to_string(),
            "http://example.com/x is not the file that it was: `llbgen.lock` expects `sha256:1`, and `sha256:2` came"
        );
    }

    #[test]
    fn a_file_of_a_mirror_is_told_with_both_addresses() {
        let failure = ChecksumFailure {
            address: "http://near/x".to_owned(),
            ..failure()
        };
        let reason = found(failure, Some("sha256:2".to_owned()));
        assert_eq!(
            reason.to_string(),
            "http://example.com/x is not the file that it was: `llbgen.lock` expects `sha256:1`, and `sha256:2` came from http://near/x"
        );
    }

    #[test]
    fn what_went_by_is_worth_another_try() {
        let reason = found(failure(), Some(EXPECTED.to_owned()));
        let FailureReason::Source(source) = reason else {
            panic!("{reason}");
        };
        assert_eq!(source.trouble, Trouble::Transient);
    }

    #[test]
    fn a_server_that_answers_with_an_error_changed_no_file() {
        let check = |message: &str, expected: &str| {
            assert_eq!(refused(failure(), message.to_owned()).to_string(), expected);
        };
        check(
            "invalid response status 404",
            "http://example.com/x: the server answered 404",
        );
        check(
            "Get \"http://example.com/x\": dial tcp: connect: connection refused",
            "`http://example.com/x` cannot be reached",
        );
        // Nothing that is known.
        check(
            "it is Tuesday",
            "http://example.com/x is not the file that it was: `llbgen.lock` expects `sha256:1`, and another one came",
        );
    }

    #[test]
    fn what_came_is_read_from_the_words_of_every_daemon() {
        let check = |message: &str, expected: Option<&str>| {
            assert_eq!(came(message, EXPECTED).as_deref(), expected, "{message}");
        };
        check("digest mismatch sha256:2: sha256:1", Some("sha256:2"));
        check(
            "digest mismatch for http://x: sha256:2 (expected: sha256:1)",
            Some("sha256:2"),
        );
        check("digest mismatch", None);
    }
}
