//! Tokens for the daemon, in place of logins.
//!
//! The registry itself is asked for the server of its tokens: a server that a daemon names would get the password.
//! Where only the daemon reaches the registry, it cannot be asked from here, and the daemon gets the login.

use std::time::Duration;

use buildkit_client::{Asked, Token, TokenProblem, TokenSource};
use futures_util::future::{BoxFuture, FutureExt as _};

use tokio::time::timeout;

use crate::{problem::RemoteProblem, sessions::Sessions};

/// How long a daemon waits at most, with all tries. It gives up itself after 60 s.
const LIMIT: Duration = Duration::from_secs(50);

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
            let server = in_time(host, session.token_server()).await?;
            Ok(server.is_some())
        }
        .boxed()
    }

    fn token<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Token, TokenProblem>> {
        async move {
            let session = self.sessions.at(asked.host, &self.insecure)?;
            let token = session.token(asked.scopes, asked.login);
            Ok(in_time(asked.host, token).await?)
        }
        .boxed()
    }
}

/// The answer, unless the daemon would no longer wait for it.
async fn in_time<T>(
    host: &str,
    asking: impl Future<Output = Result<T, RemoteProblem>>,
) -> Result<T, RemoteProblem> {
    let silent = |_| RemoteProblem::Silent {
        host: host.to_owned(),
        limit: LIMIT,
    };
    timeout(LIMIT, asking).await.map_err(silent)?
}

#[cfg(test)]
mod tests;
