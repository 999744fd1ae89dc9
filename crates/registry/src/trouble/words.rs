//! The trouble with a source, read from the words of a daemon, of git and of HTTP clients.

use super::Trouble;

/// The words to look for in lower case, most telling first: a text about a slow network may also name a missing host.
/// None of them fits a reference or a URL, which the daemon repeats: those have no spaces.
const TROUBLES: &[(Trouble, &[&str])] = &[
    (
        Trouble::Transient,
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
            "tls handshake timeout",
            "request canceled (client.timeout exceeded",
            "context deadline exceeded",
            "timeout awaiting response headers",
            "connection reset by peer",
            // Our own, which a daemon repeats when it gets no token.
            " gave no answer within ",
            " was lost: ",
            "unexpected eof",
            // git, after a connection that broke in the middle.
            "the remote end hung up unexpectedly",
            "early eof",
        ],
    ),
    (
        Trouble::Unreachable,
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
            // git's, which are those of curl.
            "could not resolve host: ",
            "failed to connect to ",
            "ssl certificate problem: ",
        ],
    ),
    (
        Trouble::Missing,
        &[
            "pull access denied",
            ": not found",
            "404 not found",
            "401 unauthorized",
            "403 forbidden",
            // git, where a server wants a login and there is none.
            "could not read username",
            "could not read password",
            "authentication failed for",
            "repository not found",
            "' not found",
        ],
    ),
    (
        Trouble::Refused,
        &[
            "tag invalid: ",
            "tag_invalid: ",
            "name invalid: ",
            "manifest invalid: ",
        ],
    ),
];

/// The words about an image without such a platform: the image is there all the same, though the text ends alike.
pub const NO_PLATFORM: &str = "no match for platform in manifest";

/// The kind of trouble in a text.
pub(super) fn trouble(message: &str) -> Option<Trouble> {
    let message = message.to_lowercase();
    if message.contains(NO_PLATFORM) {
        return None;
    }
    if let Some(trouble) = status_in(&message).and_then(Trouble::of_status) {
        return Some(trouble);
    }
    let (trouble, _) = TROUBLES
        .iter()
        .find(|(_, texts)| texts.iter().any(|text| message.contains(text)))?;
    Some(*trouble)
}

/// The words before the status of an HTTP answer: those of `source/http`, of git, of containerd's resolver, and our
/// own, which a daemon repeats when it gets no token.
const BEFORE_STATUS: [&str; 5] = [
    "invalid response status ",
    "the requested url returned error: ",
    "unexpected status ",
    "unexpected http status",
    "the registry answered ",
];

/// The status of an HTTP answer in a text.
pub fn status_in(message: &str) -> Option<u16> {
    let message = message.to_lowercase();
    BEFORE_STATUS.iter().find_map(|before| {
        let (_, rest) = message.split_once(before)?;
        let words = rest.lines().next()?.split_whitespace();
        let mut words = words.map(|word| word.trim_end_matches([',', ':', ';', '.', '"']));
        words.find_map(|word| (word.len() == 3).then(|| word.parse().ok())?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_by_its_words_alone() {
        let check = |message: &str, expected: Option<u16>| {
            assert_eq!(status_in(message), expected, "{message}");
        };
        check(
            "failed to load cache key: invalid response status 503",
            Some(503),
        );
        check(
            "fatal: unable to access 'http://x/404/': The requested URL returned error: 502",
            Some(502),
        );
        check(
            "unexpected status from HEAD request to https://x/v2/a/manifests/404: 507 Insufficient Storage",
            Some(507),
        );
        check("received unexpected HTTP status: 520 ", Some(520));
        check(
            "failed to authorize: a token for `x`: the registry answered 401: no",
            Some(401),
        );
        check("https://x/503: 503 bytes are there", None);
        check("exit status 128", None);
    }

    #[test]
    fn a_status_says_what_trouble_it_is() {
        let check = |status: u16, expected: Option<Trouble>| {
            let message = format!("failed to load cache key: invalid response status {status}");
            assert_eq!(trouble(&message), expected, "{status}");
        };
        for status in [408, 425, 429, 500, 502, 503, 504, 507, 520, 599] {
            check(status, Some(Trouble::Transient));
        }
        for status in [401, 403, 404, 410] {
            check(status, Some(Trouble::Missing));
        }
        for status in [400, 409, 418, 501, 505] {
            check(status, Some(Trouble::Refused));
        }
        check(304, None);
    }

    #[test]
    fn the_words_of_git_tell_the_trouble() {
        let check = |message: &str, expected: Option<Trouble>| {
            assert_eq!(trouble(message), expected, "{message}");
        };
        check(
            "failed to fetch remote http://x/a.git: git stderr:\nfatal: could not read Username for 'http://x': terminal prompts disabled",
            Some(Trouble::Missing),
        );
        check(
            "fatal: repository 'http://x/none.git/' not found",
            Some(Trouble::Missing),
        );
        check(
            "fatal: Authentication failed for 'http://x/a.git/'",
            Some(Trouble::Missing),
        );
        check(
            "fatal: unable to access 'http://x/': Could not resolve host: x",
            Some(Trouble::Unreachable),
        );
        check(
            "fatal: unable to access 'http://x/': Failed to connect to x port 1 after 0 ms: Couldn't connect to server",
            Some(Trouble::Unreachable),
        );
        check(
            "fatal: unable to access 'http://x/': The requested URL returned error: 503",
            Some(Trouble::Transient),
        );
        check("repository does not contain ref main", None);
    }

    #[test]
    fn texts_are_written_as_they_are_looked_for() {
        for text in TROUBLES.iter().flat_map(|(_, texts)| *texts) {
            assert_eq!(*text, text.to_lowercase());
            assert!(text.contains(' '), "`{text}` could be part of a reference");
        }
    }
}
