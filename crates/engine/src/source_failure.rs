//! Images, downloads and git repositories that the daemon cannot fetch: what kind of trouble it is, read from the
//! daemon's words.
//!
//! BuildKit sends no code for it: the errors of containerd's resolver (`core/remotes/docker`), of Go's `net`,
//! `net/http` and `crypto/tls`, of git, and of BuildKit's `source/http` reach the client as text.

use std::{collections::BTreeSet, fmt};

use buildkit_client::{BuildFailure, FailureSource, SolveError};
use buildkit_llb::{Entry, OpContent, SourceContent};

pub use registry::Trouble;
use registry::status_in;

/// The kind of a source: each kind has servers, logins and hints of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// An image of a registry.
    Image,
    /// A download from a URL.
    Download,
    /// A git repository.
    Git,
}

/// A source that the daemon could not fetch.
#[derive(Debug, thiserror::Error)]
#[error("{}", Shown(self))]
pub struct SourceFailure {
    /// The image's reference, or the URL.
    pub reference: String,
    /// Its kind.
    pub kind: SourceKind,
    /// The kind of trouble.
    pub trouble: Trouble,
    /// The status that the server of a download answered with.
    pub status: Option<u16>,
    /// Its places in the user's files.
    pub sources: Vec<FailureSource>,
    /// What the daemon said, unless the status says all.
    #[source]
    pub error: Option<SolveError>,
}

/// The words of registries and of BuildKit about an image that needs a login, or that this login may not see.
const NEEDS_LOGIN: [&str; 5] = [
    "401 unauthorized",
    "403 forbidden",
    "insufficient_scope",
    "authorization failed",
    "failed to authorize",
];

impl SourceFailure {
    /// Whether the server wants a login, or another one. One that answers so says nothing of what it has.
    pub fn needs_login(&self) -> bool {
        let Some(SolveError::Build(failure)) = &self.error else {
            return matches!(self.status, Some(401 | 403));
        };
        let said = failure.message.to_lowercase();
        matches!(status_in(&said), Some(401 | 403))
            || NEEDS_LOGIN.iter().any(|words| said.contains(words))
    }
}

struct Shown<'a>(&'a SourceFailure);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceFailure {
            reference,
            kind,
            trouble,
            status,
            ..
        } = self.0;
        // As it can be pasted into a browser.
        if let Some(status) = status {
            return write!(f, "{reference}: the server answered {status}");
        }
        match (trouble, kind) {
            (Trouble::Unreachable, _) => write!(f, "`{reference}` cannot be reached"),
            (Trouble::Transient, _) => {
                write!(f, "`{reference}` cannot be fetched for the moment")
            }
            (Trouble::Missing, SourceKind::Image) => {
                write!(f, "there is no `{reference}`, or it needs a login")
            }
            (Trouble::Missing, SourceKind::Git) => {
                write!(f, "there is no `{reference}`, or it needs a token")
            }
            (Trouble::Missing, SourceKind::Download) => {
                write!(f, "there is no `{reference}`")
            }
            (Trouble::Refused, _) => write!(f, "the server refuses `{reference}`"),
        }
    }
}

/// The scheme of an image in LLB; those of downloads are parts of their URLs.
const IMAGE: &str = "docker-image://";
const GIT: &str = "git://";
const DOWNLOADS: [&str; 2] = ["https://", "http://"];

/// The kind of a source and its name for people; `None` for a source that comes from the client.
pub(crate) fn known(source: &SourceContent) -> Option<(SourceKind, String)> {
    let identifier = &source.identifier;
    if let Some(image) = identifier.strip_prefix(IMAGE) {
        return Some((SourceKind::Image, image.to_owned()));
    }
    if identifier.starts_with(GIT) {
        let url = source.git_url().unwrap_or(identifier);
        return Some((SourceKind::Git, url.to_owned()));
    }
    let is_download = DOWNLOADS
        .iter()
        .any(|scheme| identifier.starts_with(scheme));
    is_download.then(|| (SourceKind::Download, identifier.clone()))
}

/// The failure, if it was this source that failed.
pub(crate) fn classify(source: &SourceContent, failure: &BuildFailure) -> Option<SourceFailure> {
    let (kind, reference) = known(source)?;
    if failure.exit_code.is_some() {
        return None;
    }
    let trouble = Trouble::of_words(&failure.message)?;
    let status = status_in(&failure.message).filter(|_| kind == SourceKind::Download);
    Some(SourceFailure {
        reference,
        kind,
        trouble,
        status,
        sources: failure.sources.clone(),
        error: status
            .is_none()
            .then(|| SolveError::Build(Box::new(failure.clone()))),
    })
}

/// The words of containerd and BuildKit about a layer that breaks off on its way.
const OF_LAYERS: [&str; 4] = [
    "failed to copy: ",
    "httpreadseeker: ",
    "failed size validation: ",
    "short read: expected ",
];

/// The failure of the images of a graph whose layers break off on their way. The daemon does not say which image it
/// was: several are named together.
pub(crate) fn of_layers<'a>(
    vertices: impl Iterator<Item = &'a Entry>,
    failure: &BuildFailure,
) -> Option<SourceFailure> {
    let said = failure.message.to_lowercase();
    if failure.exit_code.is_some() || !OF_LAYERS.iter().any(|words| said.contains(words)) {
        return None;
    }
    let images: BTreeSet<String> = vertices
        .filter_map(|vertex| match vertex.content() {
            OpContent::Source(source) => known(&source),
            _ => None,
        })
        .filter_map(|(kind, name)| (kind == SourceKind::Image).then_some(name))
        .collect();
    let images: Vec<String> = images.into_iter().collect();
    (!images.is_empty()).then(|| SourceFailure {
        reference: images.join("` or `"),
        kind: SourceKind::Image,
        trouble: Trouble::of_words(&failure.message).unwrap_or(Trouble::Transient),
        status: None,
        sources: failure.sources.clone(),
        error: Some(SolveError::Build(Box::new(failure.clone()))),
    })
}

/// Whether a failed solve may well succeed on another try: the connection broke, the daemon's solver got into a state
/// that has nothing to do with the graph, or a server answered that it is busy or broken.
pub fn is_transient(error: &SolveError) -> bool {
    let is_busy = |failure: &BuildFailure| {
        failure.exit_code.is_none()
            && status_in(&failure.message).and_then(Trouble::of_status) == Some(Trouble::Transient)
    };
    error.is_transient() || matches!(error, SolveError::Build(failure) if is_busy(failure))
}

#[cfg(test)]
mod tests {
    use buildkit_client::Code;
    use buildkit_llb::Source;

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

    fn source(identifier: &str) -> SourceContent {
        // Without it, a local source is only complete in a session.
        let attrs = [("local.unique", "1")];
        SourceContent::of(&Source::new(identifier, attrs).state()).unwrap()
    }

    #[test]
    fn the_words_of_the_daemon_tell_the_trouble() {
        let check = |message: &str, expected: Option<Trouble>| {
            let failure = failure(&format!("failed to resolve source metadata: {message}"));
            let found = classify(&source("docker-image://example.com/a:1"), &failure);
            let found = found.map(|found| (found.reference, found.trouble));
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
            check(message, Some(Trouble::Unreachable));
        }
        for message in [
            "unexpected status from HEAD request to https://example.com/v2/a/manifests/1: 503 Service Unavailable",
            "unexpected status from GET request to https://example.com/v2/: 429 Too Many Requests",
            "toomanyrequests: You have reached your pull rate limit.",
            "failed to do request: Head \"https://example.com/\": net/http: TLS handshake timeout",
            "failed to authorize: context deadline exceeded",
            "read tcp 192.0.2.1:1->192.0.2.2:443: read: connection reset by peer",
        ] {
            check(message, Some(Trouble::Transient));
        }
        for message in [
            "example.com/a:1: not found",
            "pull access denied, repository does not exist or may require authorization: \
             server message: insufficient_scope: authorization failed",
        ] {
            check(message, Some(Trouble::Missing));
        }
        check("no match for platform in manifest: not found", None);
        check("invalid reference format", None);
    }

    #[test]
    fn a_login_is_wanted_by_some_words() {
        let check = |message: &str, expected: bool| {
            let source = source("docker-image://example.com/a@sha256:1");
            let found = classify(&source, &failure(message)).unwrap();
            assert_eq!(found.needs_login(), expected, "{message}");
        };
        check(
            "unexpected status from HEAD request to https://example.com/v2/a/manifests/sha256:1: 401 Unauthorized",
            true,
        );
        check(
            "pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed",
            true,
        );
        check("example.com/a@sha256:1: not found", false);
        check(
            "unexpected status from HEAD request to https://example.com/v2/a/manifests/sha256:1: 404 Not Found",
            false,
        );
    }

    #[test]
    fn only_what_a_network_has_is_a_source() {
        let refused = failure("dial tcp: connect: connection refused");
        let check = |identifier: &str, expected: Option<(SourceKind, &str)>| {
            let found = classify(&source(identifier), &refused);
            let found = found
                .as_ref()
                .map(|found| (found.kind, found.reference.as_str()));
            assert_eq!(found, expected, "{identifier}");
        };
        check(
            "docker-image://docker.io/library/debian:12",
            Some((SourceKind::Image, "docker.io/library/debian:12")),
        );
        for url in ["https://example.com/x", "http://example.com/x"] {
            check(url, Some((SourceKind::Download, url)));
        }
        let git = "git://example.com/x.git#main";
        check(git, Some((SourceKind::Git, git)));
        check("local://context", None);
        let exited = BuildFailure {
            exit_code: Some(1),
            ..refused.clone()
        };
        assert!(classify(&source("docker-image://a"), &exited).is_none());
    }

    #[test]
    fn the_status_of_a_download_says_all() {
        let failure = failure("failed to load cache key: invalid response status 404");
        let found = classify(&source("https://example.com/x"), &failure).unwrap();
        assert_eq!(
            found.to_string(),
            "https://example.com/x: the server answered 404"
        );
        assert_eq!(found.trouble, Trouble::Missing);
        assert!(found.error.is_none());
    }
}
