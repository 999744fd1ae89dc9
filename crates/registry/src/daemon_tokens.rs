//! Tokens for the daemon, in place of logins.
//!
//! The registry itself is asked for the server of its tokens: a server that a daemon names would get the password.
//! Where only the daemon reaches the registry, it cannot be asked from here, and the daemon gets the login.

use buildkit_client::{Asked, Token, TokenProblem, TokenSource};
use futures_util::future::{BoxFuture, FutureExt as _};

use crate::sessions::Sessions;

/// The tokens that the sessions of one call get.
#[derive(Debug)]
pub(crate) struct DaemonTokens {
    sessions: Sessions,
    /// Registries that speak plain HTTP.
    insecure: Vec<String>,
}

impl DaemonTokens {
    pub(crate) fn new(sessions: Sessions, insecure: Vec<String>) -> Self {
        Self { sessions, insecure }
    }
}

impl TokenSource for DaemonTokens {
    fn gives_tokens<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<bool, TokenProblem>> {
        async move {
            let session = self.sessions.at(host, &self.insecure)?;
            Ok(session.token_server().await?.is_some())
        }
        .boxed()
    }

    fn token<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Token, TokenProblem>> {
        async move {
            let session = self.sessions.at(asked.host, &self.insecure)?;
            Ok(session.token(asked.scopes, asked.login).await?)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests;
