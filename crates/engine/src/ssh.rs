//! `--ssh ID[=SOCKET]`: which agents steps may ask.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::unix::fs::FileTypeExt,
    path::PathBuf,
    str::FromStr,
};

use buildkit_client::{DEFAULT_SSH_AGENT, SshAgents};
use catalog::SshId;

/// The variable that names the user's own agent.
const SSH_AUTH_SOCK: &str = "SSH_AUTH_SOCK";

/// One `--ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSpec {
    /// The id that a step asks for.
    pub id: SshId,
    /// The agent's socket; the one that `SSH_AUTH_SOCK` names when there is none.
    pub socket: Option<PathBuf>,
}

/// A `--ssh` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshSpecError {
    /// An id that breaks the rule for names.
    #[error(transparent)]
    Id(#[from] catalog::InvalidName),
    /// More than one path.
    #[error("`{given}` names several paths, and an agent has one socket")]
    Several {
        /// The text as given.
        given: String,
    },
    /// buildctl's `raw=true`.
    #[error("`{given}`: `raw` is not supported; what is forwarded is the protocol of ssh agents")]
    Raw {
        /// The text as given.
        given: String,
    },
}

/// As buildctl and buildx read it: `default`, `default=SOCKET`, `ID=SOCKET`.
impl FromStr for SshSpec {
    type Err = SshSpecError;

    fn from_str(given: &str) -> Result<Self, SshSpecError> {
        let (id, paths) = given.split_once('=').unwrap_or((given, ""));
        let id = if id.is_empty() { DEFAULT_SSH_AGENT } else { id };
        let id = id.parse()?;
        let given = || given.to_owned();
        if paths.split(',').any(|path| path.starts_with("raw=")) {
            return Err(SshSpecError::Raw { given: given() });
        }
        if paths.contains(',') {
            return Err(SshSpecError::Several { given: given() });
        }
        let socket = (!paths.is_empty()).then(|| PathBuf::from(paths));
        Ok(Self { id, socket })
    }
}

/// The agents of a build, by id.
#[derive(Debug, Default)]
pub struct FoundAgents(BTreeMap<SshId, PathBuf>);

/// An agent that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// Two of one id.
    #[error("the ssh agent `{id}` is given twice")]
    Twice {
        /// The id.
        id: SshId,
    },
    /// No agent runs.
    #[error("there is no ssh agent `{id}`: `SSH_AUTH_SOCK` is not set")]
    NoAgent {
        /// The id.
        id: SshId,
    },
    /// The socket cannot be looked at.
    #[error("the ssh agent `{id}` cannot be reached at `{}`", path.display())]
    Unreachable {
        /// The id.
        id: SshId,
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that is no socket, such as a private key.
    #[error("`{}`, the ssh agent `{id}`, is not a socket; private keys are read by agents only", path.display())]
    NotASocket {
        /// The id.
        id: SshId,
        /// The file.
        path: PathBuf,
    },
}

impl SshError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Twice { .. } => "give each agent an id of its own".to_owned(),
            Self::NoAgent { id } => format!(
                "start one with `eval $(ssh-agent)` and `ssh-add`, or name its socket: `--ssh {id}=SOCKET`"
            ),
            Self::Unreachable { .. } => "`ssh-add -l` says whether an agent runs".to_owned(),
            Self::NotASocket { id, path } => {
                format!("`ssh-add {}`, then `--ssh {id}`", path.display())
            }
        }
    }
}

impl FoundAgents {
    /// Looks for the socket of each.
    pub fn find(specs: &[SshSpec]) -> Result<Self, SshError> {
        let own = std::env::var_os(SSH_AUTH_SOCK).filter(|path| !path.is_empty());
        let mut found = BTreeMap::new();
        for SshSpec { id, socket } in specs {
            let own = || own.as_ref().map(PathBuf::from);
            let path = socket.clone().or_else(own);
            let path = path.ok_or_else(|| SshError::NoAgent { id: id.clone() })?;
            let about = std::fs::metadata(&path).map_err(|source| SshError::Unreachable {
                id: id.clone(),
                path: path.clone(),
                source,
            })?;
            if !about.file_type().is_socket() {
                let id = id.clone();
                return Err(SshError::NotASocket { id, path });
            }
            if found.insert(id.clone(), path).is_some() {
                return Err(SshError::Twice { id: id.clone() });
            }
        }
        Ok(Self(found))
    }

    /// Whether an agent was given.
    pub fn has(&self, id: &SshId) -> bool {
        self.0.contains_key(id)
    }

    /// The agents that a session forwards to: those that its graph declares.
    pub(crate) fn declared(&self, ids: &BTreeSet<String>) -> SshAgents {
        let declared = self.0.iter().filter(|(id, _)| ids.contains(id.as_str()));
        let with =
            |agents: SshAgents, (id, path): (&SshId, &PathBuf)| agents.with(id.as_str(), path);
        declared.fold(SshAgents::default(), with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_read_as_buildctl_reads_them() {
        let check = |given: &str, expected: Result<(&str, Option<&str>), &str>| {
            let read = given.parse::<SshSpec>().map_err(|error| error.to_string());
            let expected = expected.map(|(id, socket)| SshSpec {
                id: id.parse().unwrap(),
                socket: socket.map(PathBuf::from),
            });
            assert_eq!(read, expected.map_err(str::to_owned), "{given}");
        };
        check("default", Ok(("default", None)));
        check("default=", Ok(("default", None)));
        check("=/a.sock", Ok(("default", Some("/a.sock"))));
        check("work=/a=b.sock", Ok(("work", Some("/a=b.sock"))));
        check(
            "work=a,b",
            Err("`work=a,b` names several paths, and an agent has one socket"),
        );
        check(
            "work=a,raw=true",
            Err(
                "`work=a,raw=true`: `raw` is not supported; what is forwarded is the protocol of ssh agents",
            ),
        );
    }

    #[test]
    fn a_private_key_is_for_an_agent() {
        let key = tempfile::NamedTempFile::new().unwrap();
        let spec = |socket: &std::path::Path| SshSpec {
            id: "work".parse().unwrap(),
            socket: Some(socket.to_owned()),
        };
        let error = FoundAgents::find(&[spec(key.path())]).unwrap_err();
        assert!(matches!(error, SshError::NotASocket { .. }));
        let expected = format!("`ssh-add {}`, then `--ssh work`", key.path().display());
        assert_eq!(error.hint(), expected);
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let _agent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let twice = FoundAgents::find(&[spec(&socket), spec(&socket)]).unwrap_err();
        assert!(matches!(twice, SshError::Twice { .. }));
        assert!(
            FoundAgents::find(&[spec(&socket)])
                .unwrap()
                .has(&spec(&socket).id)
        );
    }
}
