//! Asking a web server: the HTTP client of this crate, with its limits, and downloads.

use std::{error::Error, time::Duration};

use archive::Digest;
use catalog::ContentDigest;
use reqwest::{Client, ClientBuilder, redirect::Policy};
use sha2::{Digest as _, Sha256};

use super::ResolveProblem;
use crate::source_failure::{self, SourceTrouble};

/// How long a server may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// How long a server may be silent in the middle of an answer.
const SILENCE_LIMIT: Duration = Duration::from_mins(1);

/// How many redirects a client follows that stays on one host; reqwest's own limit.
const MAX_REDIRECTS: usize = 10;

/// A client with these limits.
pub(super) fn client() -> Result<Client, ResolveProblem> {
    built(limited())
}

/// The same for requests that have a secret in them: redirects to another origin are errors, because those of a POST
/// take its body along.
pub(super) fn confined_client() -> Result<Client, ResolveProblem> {
    let stay = Policy::custom(|attempt| {
        let is_same = attempt
            .previous()
            .first()
            .is_some_and(|first| first.origin() == attempt.url().origin());
        if is_same && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.error("a login is not taken to another server")
        }
    });
    built(limited().redirect(stay))
}

fn limited() -> ClientBuilder {
    use_tls();
    Client::builder()
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(SILENCE_LIMIT)
}

fn built(builder: ClientBuilder) -> Result<Client, ResolveProblem> {
    builder.build().map_err(|error| problem(&error))
}

/// The sha256 of what a URL serves.
pub(super) async fn sha256(url: &str) -> Result<ContentDigest, ResolveProblem> {
    let mut response = client()?
        .get(url)
        .send()
        .await
        .map_err(|error| problem(&error))?;
    let status = response.status();
    if !status.is_success() {
        let status = status.as_u16();
        return Err(ResolveProblem::Status { status });
    }
    let mut hash = Sha256::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| problem(&error))? {
        hash.update(&chunk);
    }
    let bytes: [u8; 32] = hash.finalize().into();
    let digest = Digest::from(bytes).to_string();
    digest.parse().map_err(|_| ResolveProblem::Nonsense {
        what: format!("`{digest}` is no digest"),
    })
}

/// What an HTTP client says, and what kind of trouble that is.
pub(super) fn problem(error: &reqwest::Error) -> ResolveProblem {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        message = format!("{message}: {source}");
        cause = source.source();
    }
    let trouble = match error.status().map(|status| status.as_u16()) {
        Some(status) => SourceTrouble::of_status(status),
        None if error.is_connect() => Some(SourceTrouble::Unreachable),
        None if error.is_timeout() => Some(SourceTrouble::Transient),
        None => source_failure::trouble(&message),
    };
    ResolveProblem::Server { trouble, message }
}

/// The implementation of TLS that all of this program uses, so that none is chosen by chance.
fn use_tls() {
    // It fails when it was called before.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
}
