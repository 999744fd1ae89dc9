//! Why it cannot be known what a reference stands for.

use buildkit_client::{CredentialsError, DockerConfigError};
use catalog::listed;

use crate::source_failure::{self, SourceKind, SourceTrouble};

/// A reference of which it cannot be known what it stands for.
#[derive(Debug, thiserror::Error)]
#[error("cannot find out what `{name}` stands for")]
pub struct ResolveError {
    /// The image, URL or git ref.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Why.
    #[source]
    pub problem: ResolveProblem,
}

/// Why it cannot be known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveProblem {
    /// The user interrupted it.
    #[error("it was interrupted")]
    Cancelled,
    /// The daemon cannot say.
    #[error(transparent)]
    Daemon(#[from] buildkit_client::ResolveError),
    /// The registry or server cannot be asked, or says no.
    #[error("{message}")]
    Server {
        /// What kind of trouble it is, if that can be told.
        trouble: Option<SourceTrouble>,
        /// The words of who knows.
        message: String,
    },
    /// The server of a download answered with an error.
    #[error("the server answered {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// The credentials for the registry cannot be had.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Docker's configuration cannot be read.
    #[error(transparent)]
    Docker(#[from] DockerConfigError),
    /// The login is of a kind that the registry does not take.
    #[error(
        "its login is an identity token, and it takes a user name and a password; `docker login` writes them down"
    )]
    IdentityToken,
    /// The image is not there for a platform.
    #[error("it is not there for `{platform}`, only for {}", list(available))]
    Platform {
        /// The platform.
        platform: String,
        /// Those that it is there for.
        available: Vec<String>,
    },
    /// The daemon found the image, and not for every platform; it does not say which it is there for.
    #[error("it is not there for {}", all_of(asked))]
    NoPlatform {
        /// Those that were asked for.
        asked: Vec<String>,
    },
    /// What came back is not what was asked for.
    #[error("the answer makes no sense: {what}")]
    Nonsense {
        /// What is wrong with it.
        what: String,
    },
}

fn all_of(names: &[String]) -> String {
    let all = if names.len() > 1 { "all of " } else { "" };
    format!("{all}{}", listed(names))
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "no platform that it names".to_owned();
    }
    listed(names)
}

impl ResolveProblem {
    /// What kind of trouble it is, if that can be told.
    pub(crate) fn trouble(&self) -> Option<SourceTrouble> {
        use buildkit_client::ResolveError as Daemon;
        match self {
            Self::Server { trouble, .. } => *trouble,
            Self::Daemon(Daemon::Refused { message, .. }) => source_failure::trouble(message),
            Self::Status { status } => SourceTrouble::of_status(*status),
            Self::Daemon(Daemon::Slow { .. } | Daemon::Lost(_)) => Some(SourceTrouble::Transient),
            Self::Daemon(Daemon::Solve(error)) if error.is_transient() => {
                Some(SourceTrouble::Transient)
            }
            Self::Daemon(Daemon::Solve(_)) => Some(SourceTrouble::Unreachable),
            _ => None,
        }
    }

    /// Whether the user interrupted it.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Daemon(buildkit_client::ResolveError::Cancelled)
        )
    }
}

impl ResolveError {
    /// What kind of trouble it is, if that can be told.
    pub fn trouble(&self) -> Option<SourceTrouble> {
        self.problem.trouble()
    }

    /// Whether the user interrupted it.
    pub fn is_cancelled(&self) -> bool {
        self.problem.is_cancelled()
    }
}
