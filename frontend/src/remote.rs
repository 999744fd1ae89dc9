//! Contexts that the daemon fetches: git repositories, and tars from the web or from a client's stdin.

mod git;
#[cfg(test)]
mod tests;

use buildkit_llb::{GitUrlError, Http, State};

use self::git::GitContext;

/// The name of a download. BuildKit's own frontends have the same one, so that a daemon fetches it once for all.
pub(crate) const DOWNLOAD: &str = "context";

/// The host of the addresses at which a client serves its stdin.
const STDIN: &str = "http://buildkit-session/";

/// A context that the daemon fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    /// As the user wrote it.
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Git(Box<GitContext>),
    Web,
}

/// An address that looks like a context but cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// Git over ssh.
    #[error(
        "git over ssh needs the keys of the host, which the frontend does not know; give `https://…`, and a token with `--secret id=GIT_AUTH_TOKEN,env=…`"
    )]
    Ssh,
    /// A name or password in an address.
    #[error(
        "the address has a user or a password in it, which would stand in the graph; give a token with `--secret id=GIT_AUTH_TOKEN,env=…`"
    )]
    Credentials,
    /// An invalid address.
    #[error(transparent)]
    Url(#[from] GitUrlError),
    /// A query that git contexts do not have.
    #[error("it has the query `{key}`{}; there are {}", catalog::did_you_mean(nearest.as_deref()), catalog::listed(git::KEYS))]
    Query {
        /// Its name.
        key: String,
        /// The one most like it.
        nearest: Option<String>,
    },
    /// A query with an invalid value.
    #[error("`{key}` cannot be `{value}`: {expected}")]
    QueryValue {
        /// The query.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Two parts of an address that contradict each other.
    #[error("it says `{first}` and `{second}`")]
    Conflict {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
}

impl Remote {
    /// Reads an address; `None` if it is not of a kind that is fetched.
    pub(crate) fn read(text: &str) -> Option<Result<Self, RemoteError>> {
        let (address, _) = text.split_once(['#', '?']).unwrap_or((text, ""));
        let is_web = address.starts_with("https://") || address.starts_with("http://");
        let is_git = if is_web {
            address.strip_suffix(".git").is_some()
        } else {
            address.starts_with("git://") || address.starts_with("github.com/")
        };
        let is_ssh = address.starts_with("ssh://") || address.starts_with("git@");
        if is_ssh {
            return Some(Err(RemoteError::Ssh));
        }
        if !is_web && !is_git {
            return None;
        }
        let kind = if has_credentials(address) {
            Err(RemoteError::Credentials)
        } else if is_git {
            GitContext::read(text).map(|git| Kind::Git(Box::new(git)))
        } else {
            Ok(Kind::Web)
        };
        let text = text.to_owned();
        Some(kind.map(|kind| Self { text, kind }))
    }

    /// The same with the directory `.git`, if it is a repository whose address does not say.
    pub(crate) fn keeping_git_dir(mut self) -> Self {
        if let Kind::Git(git) = &mut self.kind {
            git.keep_git_dir.get_or_insert(true);
        }
        self
    }

    /// Whether it is one file, which must be a tar and is not unpacked yet.
    pub(crate) fn is_download(&self) -> bool {
        self.kind == Kind::Web
    }

    /// The address as errors and progress show it; for stdin, the user never wrote one.
    pub(crate) fn shown(&self) -> String {
        if self.text.starts_with(STDIN) {
            "the tar on stdin".to_owned()
        } else {
            format!("`{}`", self.text)
        }
    }

    /// The fetched files: those of a repository, or the one that is downloaded.
    pub(crate) fn state(&self) -> State {
        let name = format!("load {}", self.shown().replace('`', ""));
        match &self.kind {
            Kind::Git(git) => git.state(&name),
            Kind::Web => {
                let http = Http::new(self.text.as_str()).filename(DOWNLOAD);
                http.custom_name(name).state()
            }
        }
    }
}

fn has_credentials(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.contains('@')
}

/// The length of the part at a file's beginning that tells whether it is a tar.
pub(crate) const HEADER: usize = 512;

/// Whether a file with this beginning is a tar, maybe a compressed one.
pub(crate) fn is_tar(header: &[u8]) -> bool {
    const MAGIC: [&[u8]; 4] = [b"BZh", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];
    MAGIC.iter().any(|magic| header.starts_with(magic)) || is_tar_header(header)
}

/// Whether the sum over the bytes of a header is the sum that is in it, as octal text.
fn is_tar_header(header: &[u8]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    let Some(header) = header.get(..HEADER) else {
        return false;
    };
    let written = String::from_utf8_lossy(&header[SUM]);
    let written = written.trim_matches([' ', '\0']);
    let bytes = header.iter().enumerate();
    let sum: u32 = bytes
        .map(|(at, byte)| u32::from(if SUM.contains(&at) { b' ' } else { *byte }))
        .sum();
    u32::from_str_radix(written, 8).is_ok_and(|written| written == sum)
}
