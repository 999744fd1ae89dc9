//! Images and downloads that the daemon cannot fetch: what kind of trouble it is, read from the daemon's words.
//!
//! BuildKit sends no code for it: the errors of containerd's resolver (`core/remotes/docker`), of Go's `net`, `net/http`
//! and `crypto/tls`, and of BuildKit's `source/http` reach the client as text.

use std::fmt;

use buildkit_client::{BuildFailure, SolveError};

/// What keeps a source from being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceTrouble {
    /// The network or TLS: nobody answers there, or it is somebody else.
    Unreachable,
    /// The server is overloaded or broken, or slow: another try may well succeed.
    Transient,
    /// It is not there, or needs a login.
    Missing,
}

/// An image or download that the daemon could not fetch.
#[derive(Debug, thiserror::Error)]
#[error("{}", Shown { reference, trouble: *trouble })]
pub struct SourceFailure {
    /// The image's reference, or the URL.
    pub reference: String,
    /// What kind of trouble it is.
    pub trouble: SourceTrouble,
    /// What the daemon said.
    #[source]
    pub error: SolveError,
}

struct Shown<'a> {
    reference: &'a str,
    trouble: SourceTrouble,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, trouble } = self;
        match trouble {
            SourceTrouble::Unreachable => write!(f, "`{reference}` cannot be reached"),
            SourceTrouble::Transient => write!(f, "`{reference}` cannot be fetched for the moment"),
            SourceTrouble::Missing => write!(f, "there is no `{reference}`, or it needs a login"),
        }
    }
}

/// The scheme of an image in LLB; those of downloads are parts of their URLs.
const IMAGE: &str = "docker-image://";
const DOWNLOADS: [&str; 2] = ["https://", "http://"];

/// What to look for in lower case, most telling first: a text about a slow network may also name a missing host. None
/// fits a reference or a URL, which the daemon repeats: those have no spaces.
const TROUBLES: &[(SourceTrouble, &[&str])] = &[
    (
        SourceTrouble::Transient,
        &[
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway timeout",
            "504 gateway time-out",
            "429 too many requests",
            "too many requests",
            // The code of the registry protocol for it.
            "toomanyrequests: ",
            // How `source/http` puts a status.
            "invalid response status 5",
            "invalid response status 429",
            "tls handshake timeout",
            "request canceled (client.timeout exceeded",
            "context deadline exceeded",
            "timeout awaiting response headers",
            "connection reset by peer",
            "unexpected eof",
        ],
    ),
    (
        SourceTrouble::Unreachable,
        &[
            ": connection refused",
            ": no such host",
            // A name server that does not answer.
            ": server misbehaving",
            ": i/o timeout",
            ": network is unreachable",
            ": no route to host",
            ": connection timed out",
            "tls: ",
            "x509: ",
            "server gave http response to https client",
        ],
    ),
    (
        SourceTrouble::Missing,
        &[
            "pull access denied",
            ": not found",
            "404 not found",
            "401 unauthorized",
            "403 forbidden",
            "invalid response status 404",
            "invalid response status 401",
            "invalid response status 403",
        ],
    ),
];

/// An image that has no such platform is there all the same, though the text ends alike.
pub(crate) const NO_PLATFORM: &str = "no match for platform in manifest";

/// The reference and the trouble, when it was an image or a download (`identifier`, as LLB names it) that failed.
pub(crate) fn classify(
    identifier: &str,
    failure: &BuildFailure,
) -> Option<(String, SourceTrouble)> {
    let reference = match identifier.strip_prefix(IMAGE) {
        Some(reference) => reference,
        None if DOWNLOADS
            .iter()
            .any(|scheme| identifier.starts_with(scheme)) =>
        {
            identifier
        }
        None => return None,
    };
    let message = failure.message.to_lowercase();
    if failure.exit_code.is_some() {
        return None;
    }
    Some((reference.to_owned(), trouble(&message)?))
}

/// The kind of trouble that a text tells of.
pub(crate) fn trouble(message: &str) -> Option<SourceTrouble> {
    let message = message.to_lowercase();
    if message.contains(NO_PLATFORM) {
        return None;
    }
    let (trouble, _) = TROUBLES
        .iter()
        .find(|(_, texts)| texts.iter().any(|text| message.contains(text)))?;
    Some(*trouble)
}

#[cfg(test)]
mod tests {
    use buildkit_client::Code;

    use super::*;

    fn failure(message: &str) -> BuildFailure {
        BuildFailure {
            code: Code::Unknown,
            message: message.to_owned(),
            vertex: None,
            exit_code: None,
            sources: Vec::new(),
        }
    }

    #[test]
    fn the_words_of_the_daemon_tell_the_trouble() {
        let check = |message: &str, expected: Option<SourceTrouble>| {
            let found = classify(
                "docker-image://example.com/a:1",
                &failure(&format!("failed to resolve source metadata: {message}")),
            );
            let expected = expected.map(|trouble| ("example.com/a:1".to_owned(), trouble));
            assert_eq!(found, expected, "{message}");
        };
        for message in [
            "dial tcp 127.0.0.1:1: connect: connection refused",
            "dial tcp: lookup example.com: no such host",
            "dial tcp: lookup example.com on 127.0.0.53:53: server misbehaving",
            "dial tcp 192.0.2.1:443: i/o timeout",
            "dial tcp [2001:db8::1]:443: connect: network is unreachable",
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "remote error: tls: handshake failure",
            "http: server gave HTTP response to HTTPS client",
        ] {
            check(message, Some(SourceTrouble::Unreachable));
        }
        for message in [
            "unexpected status from HEAD request to https://example.com/v2/a/manifests/1: 503 Service Unavailable",
            "unexpected status from GET request to https://example.com/v2/: 429 Too Many Requests",
            "toomanyrequests: You have reached your pull rate limit.",
            "failed to do request: Head \"https://example.com/\": net/http: TLS handshake timeout",
            "failed to authorize: context deadline exceeded",
            "read tcp 192.0.2.1:1->192.0.2.2:443: read: connection reset by peer",
        ] {
            check(message, Some(SourceTrouble::Transient));
        }
        for message in [
            "example.com/a:1: not found",
            "pull access denied, repository does not exist or may require authorization: \
             server message: insufficient_scope: authorization failed",
        ] {
            check(message, Some(SourceTrouble::Missing));
        }
        check("no match for platform in manifest: not found", None);
        check("invalid reference format", None);
    }

    #[test]
    fn only_images_and_downloads_are_sources_of_a_network() {
        let refused = failure("dial tcp: connect: connection refused");
        let check = |identifier: &str, expected: Option<&str>| {
            let found = classify(identifier, &refused).map(|(reference, _)| reference);
            assert_eq!(found.as_deref(), expected, "{identifier}");
        };
        check(
            "docker-image://docker.io/library/debian:12",
            Some("docker.io/library/debian:12"),
        );
        check("https://example.com/x", Some("https://example.com/x"));
        check("http://example.com/x", Some("http://example.com/x"));
        check("local://context", None);
        let exited = BuildFailure {
            exit_code: Some(1),
            ..refused.clone()
        };
        assert_eq!(classify("docker-image://a", &exited), None);
    }

    #[test]
    fn a_status_of_a_download_is_told_too() {
        let check = |status: u16, expected| {
            let failure = failure(&format!(
                "failed to load cache key: invalid response status {status}"
            ));
            let found = classify("https://example.com/x", &failure).map(|(_, trouble)| trouble);
            assert_eq!(found, expected, "{status}");
        };
        check(503, Some(SourceTrouble::Transient));
        check(429, Some(SourceTrouble::Transient));
        check(404, Some(SourceTrouble::Missing));
        check(418, None);
    }

    #[test]
    fn texts_are_written_as_they_are_looked_for() {
        for text in TROUBLES.iter().flat_map(|(_, texts)| *texts) {
            assert_eq!(*text, text.to_lowercase());
            assert!(text.contains(' '), "`{text}` could be part of a reference");
        }
    }
}
