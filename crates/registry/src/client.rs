//! The HTTP clients of this crate, with their limits.

use std::{error::Error, time::Duration};

use reqwest::{Client, ClientBuilder, redirect::Policy};

use crate::{patience::Patience, problem::RemoteProblem, trouble::Trouble};

/// How long a server may take to accept a connection; half of the patience with it, if that is shorter.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// How long an idle connection is kept: less than the balancers before registries allow.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// The most redirects that a client on one host follows; reqwest's own limit.
const MAX_REDIRECTS: usize = 10;

/// The clients of all sessions. Clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// For questions.
    pub(crate) questions: Client,
    /// For requests with a secret in them: redirects to another origin are errors, because a redirected POST takes its
    /// body along.
    pub(crate) confined: Client,
}

impl Clients {
    pub(crate) fn new(patience: &Patience) -> Result<Self, RemoteProblem> {
        Ok(Self {
            questions: client(patience)?,
            confined: built(limited(patience).redirect(staying()))?,
        })
    }
}

/// A client with these limits.
pub(crate) fn client(patience: &Patience) -> Result<Client, RemoteProblem> {
    built(limited(patience))
}

/// The policy for redirects: they stay on the host that was asked.
fn staying() -> Policy {
    Policy::custom(|attempt| {
        let is_same = attempt
            .previous()
            .first()
            .is_some_and(|first| first.origin() == attempt.url().origin());
        if is_same && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.error("a login is not taken to another server")
        }
    })
}

fn limited(patience: &Patience) -> ClientBuilder {
    use_tls();
    Client::builder()
        .connect_timeout(CONNECT_LIMIT.min(patience.timeout / 2))
        .pool_idle_timeout(IDLE_LIMIT)
}

fn built(builder: ClientBuilder) -> Result<Client, RemoteProblem> {
    builder.build().map_err(|error| problem(&error))
}

/// The problem behind an HTTP client's error, with its kind of trouble.
pub(crate) fn problem(error: &reqwest::Error) -> RemoteProblem {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        message = format!("{message}: {source}");
        cause = source.source();
    }
    let trouble = match error.status().map(|status| status.as_u16()) {
        Some(status) => Trouble::of_status(status),
        None if error.is_connect() => Some(Trouble::Unreachable),
        None if error.is_timeout() => Some(Trouble::Transient),
        None => Trouble::of_words(&message),
    };
    RemoteProblem::Server { trouble, message }
}

/// Sets the TLS implementation of the whole program, so that none is chosen by chance.
fn use_tls() {
    // It fails when one is set already.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
}
