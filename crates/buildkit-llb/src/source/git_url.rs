//! Addresses of git repositories, read as `gitutil.ParseURL` and Go's `net/url` do.

use std::fmt::Write as _;
use std::str::FromStr;

/// The address of a git repository: `https://…`, `http://…`, `ssh://…`, `git://…`, or `user@host:path` for ssh. A
/// text without a scheme is taken for https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitUrl {
    /// What git is called with.
    remote: String,
    transport: Transport,
    host: String,
    /// Without escapes.
    path: String,
}

/// How a repository is reached, as far as the graph must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Ssh,
    Other,
}

/// Text that is no address of a git repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitUrlError {
    /// The scheme is none that git sources know.
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
    /// A `%` is not followed by two hex digits, or what it stands for is not UTF-8.
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
    /// The address that git is called with.
    pub fn as_str(&self) -> &str {
        &self.remote
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
        let url = || given.to_owned();
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
            Some(user) if user.bytes().all(is_user_byte) => format!("{user}@"),
            Some(_) => return Err(GitUrlError::Host { url: url() }),
            None => String::new(),
        };
        let decoded = unescape(path).ok_or_else(|| GitUrlError::Escape { url: url() })?;
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

impl FromStr for GitUrl {
    type Err = GitUrlError;

    fn from_str(url: &str) -> Result<Self, GitUrlError> {
        if url.contains(['?', '#']) {
            return Err(GitUrlError::Suffix {
                url: url.to_owned(),
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

/// What Go leaves unescaped in `user:password`, and escapes that are there.
fn is_user_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~$&+,;=:%".contains(&byte)
}

/// What may stand in a path as it is.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@[]%/".contains(&byte)
}

fn unescape(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
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
    String::from_utf8(bytes).ok()
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
    }
}
