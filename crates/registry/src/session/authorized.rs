//! The tokens of one registry, each fetched once, however many questions wait for it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::Method;

use crate::problem::RemoteProblem;

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

/// A header, once there is one. It is locked while it is fetched.
type Cell = Arc<tokio::sync::Mutex<Option<String>>>;

/// The headers with tokens that a registry has asked for.
#[derive(Default)]
pub(super) struct Authorized(Mutex<BTreeMap<Scope, Cell>>);

impl Authorized {
    /// The header for a scope: the one that is there, unless it was refused, or else the one from `fetching`.
    pub(super) async fn header(
        &self,
        scope: &Scope,
        refused: Option<&str>,
        fetching: impl AsyncFnOnce() -> Result<String, RemoteProblem>,
    ) -> Result<String, RemoteProblem> {
        let cell = self.cell(scope);
        let mut held = cell.lock().await;
        if let Some(header) = held
            .as_ref()
            .filter(|header| refused != Some(header.as_str()))
        {
            return Ok(header.clone());
        }
        let header = fetching().await?;
        *held = Some(header.clone());
        Ok(header)
    }

    fn cell(&self, scope: &Scope) -> Cell {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(scope.clone()).or_default())
    }
}

/// Hides the tokens.
impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorized(redacted)")
    }
}
