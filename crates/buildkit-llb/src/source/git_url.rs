//! Addresses of git repositories, read as `gitutil.ParseURL` and Go's `net/url` do.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::userinfo;

/// The address of a git repository: `https://…`, `http://…`, `ssh://…`, `git://…`, or `user@host:path` for ssh. A
/// text without a scheme is taken for https. Its Debug text has neither password nor token.
#[derive(Clone, PartialEq, Eq)]
pub struct GitUrl {
    /// The address that git is called with, user and password included.
    remote: String,
    transport: Transport,
    host: String,
    /// Without escapes.
    path: String,
}

/// The way to a repository, as far as it matters to the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Ssh,
    Other,
}

/// Text that is no address of a git repository. Messages show it without user and password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GitUrlError {
    /// The scheme is not one of git sources.
    #[error("`{url}` is neither http, https, ssh nor git")]
    Scheme {
        /// The text that was given.
        url: String,
    },
    /// There is no host, or one with characters that no host has.
    #[error("`{url}` has no valid host")]
    Host {
        /// The text that was given.
        url: String,
    },
    /// There is a character before the `@` that must be escaped.
    #[error("`{url}` has a character before its `@` that must be escaped there")]
    User {
        /// The text that was given.
        url: String,
    },
    /// A `%` is not followed by two hex digits, or the unescaped text is not UTF-8.
    #[error("`{url}` has an invalid escape")]
    Escape {
        /// The text that was given.
        url: String,
    },
    /// There is a query or a fragment, which BuildKit's client would drop without a word.
    #[error("`{url}` has a query or a fragment; set ref and directory by themselves")]
    Suffix {
        /// The text that was given.
        url: String,
    },
}

impl GitUrl {
    /// The address that git is called with, user and password included.
    pub fn as_str(&self) -> &str {
        &self.remote
    }

    /// The address without password and token, to be shown.
    pub fn redacted(&self) -> String {
        userinfo::without(&self.remote).into_owned()
    }

    /// Whether it is reached over ssh, so that the host's keys must be known.
    pub fn is_ssh(&self) -> bool {
        self.transport == Transport::Ssh
    }

    /// Host and path, which are the same for every way to reach a repository.
    pub(super) fn identity(&self) -> String {
        format!("{}{}", self.host, crate::path::join(&["/", &self.path]))
    }

    /// `user@host:path`, if the text is that.
    fn parse_scp_style(url: &str) -> Option<Self> {
        let (user, rest) = url.split_once('@')?;
        let (host, path) = rest.split_once(':')?;
        let is_user = !user.is_empty()
            && user
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        (is_user && is_host).then(|| Self {
            remote: url.to_owned(),
            transport: Transport::Ssh,
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }

    fn parse_with_scheme(given: &str, scheme: &str, rest: &str) -> Result<Self, GitUrlError> {
        let url = || userinfo::without(given).into_owned();
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(&*scheme, "http" | "https" | "ssh" | "git") {
            return Err(GitUrlError::Scheme { url: url() });
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if host.is_empty() || !host.bytes().all(is_host_byte) {
            return Err(GitUrlError::Host { url: url() });
        }
        let user = match user {
            Some(user) if userinfo::is_valid(user) => {
                let user = userinfo::normalized(user);
                user.ok_or_else(|| GitUrlError::Escape { url: url() })? + "@"
            }
            Some(_) => return Err(GitUrlError::User { url: url() }),
            None => String::new(),
        };
        let decoded = unescape(path).and_then(|path| String::from_utf8(path).ok());
        let decoded = decoded.ok_or_else(|| GitUrlError::Escape { url: url() })?;
        let escaped = if path.bytes().all(is_path_byte) {
            path.to_owned()
        } else {
            escape(&decoded)
        };
        let transport = if scheme == "ssh" {
            Transport::Ssh
        } else {
            Transport::Other
        };
        let remote = format!("{scheme}://{user}{host}{escaped}");
        Ok(Self {
            remote,
            transport,
            host: host.to_owned(),
            path: decoded,
        })
    }
}

impl fmt::Debug for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GitUrl").field(&self.redacted()).finish()
    }
}

impl FromStr for GitUrl {
    type Err = GitUrlError;

    fn from_str(url: &str) -> Result<Self, GitUrlError> {
        if url.contains(['?', '#']) {
            return Err(GitUrlError::Suffix {
                url: userinfo::without(url).into_owned(),
            });
        }
        match url.split_once("://") {
            Some((scheme, rest))
                if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Self::parse_with_scheme(url, scheme, rest)
            }
            _ => match Self::parse_scp_style(url) {
                Some(parsed) => Ok(parsed),
                None => Self::parse_with_scheme(url, "https", url),
            },
        }
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]".contains(&byte)
}

/// Whether a path may have this byte unescaped.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@[]%/".contains(&byte)
}

/// The bytes that a text with escapes stands for.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        });
    }
    Some(bytes)
}

fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~$&+,/:;=@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _never_fails = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_as_go_does() {
        let check = |given: &str, remote: &str, identity: &str, is_ssh: bool| {
            let url: GitUrl = given.parse().unwrap();
            assert_eq!(
                (url.as_str(), &*url.identity(), url.is_ssh()),
                (remote, identity, is_ssh),
                "{given}"
            );
        };
        check(
            "https://github.com/a/b.git",
            "https://github.com/a/b.git",
            "github.com/a/b.git",
            false,
        );
        check(
            "HTTPS://Host:8443/a//b/../c/",
            "https://Host:8443/a//b/../c/",
            "Host:8443/a/c",
            false,
        );
        check(
            "git@github.com:a/b.git",
            "git@github.com:a/b.git",
            "github.com/a/b.git",
            true,
        );
        check(
            "git@github.com:/a/b.git",
            "git@github.com:/a/b.git",
            "github.com/a/b.git",
            true,
        );
        check(
            "ssh://git@host:22/~u/a",
            "ssh://git@host:22/~u/a",
            "host:22/~u/a",
            true,
        );
        check("git://host/a", "git://host/a", "host/a", false);
        check(
            "github.com/a/b",
            "https://github.com/a/b",
            "github.com/a/b",
            false,
        );
        check("https://u:p@host/a", "https://u:p@host/a", "host/a", false);
        check(
            "https://%75:p!@host/a",
            "https://u:p%21@host/a",
            "host/a",
            false,
        );
        check("u:p@host/a", "https://u:p@host/a", "host/a", false);
        check(
            "https://host/a%20b",
            "https://host/a%20b",
            "host/a b",
            false,
        );
        check(
            "https://host/a b!",
            "https://host/a%20b%21",
            "host/a b!",
            false,
        );
        check("https://host", "https://host", "host/", false);
    }

    #[test]
    fn refuses_what_is_no_repository() {
        let check = |given: &str, expected: fn(String) -> GitUrlError| {
            assert_eq!(given.parse::<GitUrl>(), Err(expected(given.to_owned())));
        };
        check("ftp://host/a", |url| GitUrlError::Scheme { url });
        check("https:///a", |url| GitUrlError::Host { url });
        check("https://ho st/a", |url| GitUrlError::Host { url });
        check("", |url| GitUrlError::Host { url });
        check("https://host/%zz", |url| GitUrlError::Escape { url });
        check("https://host/%ff", |url| GitUrlError::Escape { url });
        check("https://host/a#main", |url| GitUrlError::Suffix { url });
        check("git@host:a?x=1", |url| GitUrlError::Suffix { url });
        check("https://u^v@host/a", |_| GitUrlError::User {
            url: "https://host/a".to_owned(),
        });
        check("https://u%4@host/a", |_| GitUrlError::Escape {
            url: "https://host/a".to_owned(),
        });
    }

    #[test]
    fn passwords_are_in_no_text() {
        let url: GitUrl = "https://user:hunter2@host/a".parse().unwrap();
        assert_eq!(url.as_str(), "https://user:hunter2@host/a");
        assert_eq!(format!("{url:?}"), r#"GitUrl("https://host/a")"#);
        for wrong in [
            "ftp://u:hunter2@h/a",
            "https://u:hunter2@h/%zz",
            "https://u:hunter2@h/a#b",
        ] {
            let error = wrong.parse::<GitUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{wrong}");
        }
    }
}
