//! The tokens of one registry, each fetched once, however many questions wait for it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::Method;
use tokio::time::Instant;

use crate::{
    problem::RemoteProblem,
    retry::{Again, Failed},
};

/// The right that a token is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) repository: String,
    access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Pull,
    Push,
    Delete,
}

impl Scope {
    /// The scope that a question about a repository needs.
    pub(super) fn of(repository: &str, method: &Method) -> Self {
        Self {
            repository: repository.to_owned(),
            access: match *method {
                Method::PUT | Method::POST => Access::Push,
                Method::DELETE => Access::Delete,
                _ => Access::Pull,
            },
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = match self.access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
            Access::Delete => "pull,push,delete",
        };
        write!(f, "repository:{}:{actions}", self.repository)
    }
}

/// It is locked while its header is fetched.
type Cell = Arc<tokio::sync::Mutex<Held>>;

#[derive(Default)]
struct Held {
    /// The header, once there is one.
    header: Option<String>,
    /// The end of the last fetch, if it failed.
    failed: Option<Missed>,
}

/// A fetch that failed.
struct Missed {
    at: Instant,
    problem: RemoteProblem,
    again: Again,
}

/// The headers with tokens that a registry has asked for.
#[derive(Default)]
pub(super) struct Authorized(Mutex<BTreeMap<Scope, Cell>>);

impl Authorized {
    /// The header for a scope: the one that is there, unless it was refused, or else the one from `fetching`. Those who
    /// wait for a fetch that fails are told so, and do not fetch one after the other.
    pub(super) async fn header(
        &self,
        scope: &Scope,
        refused: Option<&str>,
        fetching: impl AsyncFnOnce() -> Result<String, Failed>,
    ) -> Result<String, Failed> {
        let asked = Instant::now();
        let cell = self.cell(scope);
        let mut held = cell.lock().await;
        if let Some(header) = held
            .header
            .as_ref()
            .filter(|header| refused != Some(header.as_str()))
        {
            return Ok(header.clone());
        }
        if let Some(missed) = held.failed.as_ref().filter(|missed| missed.at > asked) {
            return Err(missed.told());
        }
        match fetching().await {
            Ok(header) => {
                held.header = Some(header.clone());
                Ok(header)
            }
            Err(Failed { problem, again }) => {
                let at = Instant::now();
                let missed = held.failed.insert(Missed { at, problem, again });
                Err(missed.told())
            }
        }
    }

    fn cell(&self, scope: &Scope) -> Cell {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(scope.clone()).or_default())
    }
}

impl Missed {
    fn told(&self) -> Failed {
        let problem = match &self.problem {
            RemoteProblem::Silent { host, limit } => RemoteProblem::Silent {
                host: host.clone(),
                limit: *limit,
            },
            problem => RemoteProblem::Server {
                trouble: problem.trouble(),
                message: problem.to_string(),
            },
        };
        Failed {
            problem,
            again: self.again,
        }
    }
}

/// Hides the tokens.
impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorized(redacted)")
    }
}
