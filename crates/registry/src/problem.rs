//! Problems with registries and other servers.

use std::{fmt::Display, time::Duration};

use buildkit_client::{CredentialsError, DockerConfigError};

use crate::trouble::Trouble;

/// Why a registry or another server gives no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteProblem {
    /// The registry or server cannot be asked, or refuses.
    #[error("{message}")]
    Server {
        /// What kind of trouble it is, if that can be told.
        trouble: Option<Trouble>,
        /// The words of the server, or of the program that asked.
        message: String,
    },
    /// A server is silent, or so slow that it might as well be.
    #[error("`{host}` gave no answer within {} s", limit.as_secs_f32())]
    Silent {
        /// The host.
        host: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The connection to a server broke.
    #[error("the connection to `{host}` was lost: {message}")]
    Lost {
        /// The host.
        host: String,
        /// Why.
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
    #[error("it is not there for `{platform}`, only for {}", listed(available))]
    Platform {
        /// The platform.
        platform: String,
        /// Those that it is there for.
        available: Vec<String>,
    },
    /// The answer does not fit the question.
    #[error("the answer makes no sense: {what}")]
    Nonsense {
        /// What is wrong with it.
        what: String,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "no platform that it names".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl RemoteProblem {
    /// The problem of an answer that does not fit the question.
    pub fn nonsense(what: impl Display) -> Self {
        Self::Nonsense {
            what: what.to_string(),
        }
    }

    /// What kind of trouble it is, if that can be told.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Server { trouble, .. } => *trouble,
            Self::Silent { .. } | Self::Lost { .. } => Some(Trouble::Transient),
            Self::Status { status } => Trouble::of_status(*status),
            _ => None,
        }
    }
}

/// The answer; `None` if what was asked for is missing.
pub fn found<T>(answer: Result<T, RemoteProblem>) -> Result<Option<T>, RemoteProblem> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(RemoteProblem::Server {
            trouble: Some(Trouble::Missing),
            ..
        }) => Ok(None),
        Err(problem) => Err(problem),
    }
}
