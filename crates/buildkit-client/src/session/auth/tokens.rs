//! Tokens for registries, fetched by whoever has an HTTP client.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::config::Credentials;

/// The reason why there is no token. The daemon gets its text, so no secret may be in it.
pub type TokenProblem = Box<dyn Error + Send + Sync>;

/// A client of registries and of the servers that give their tokens.
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// Whether the registry at `host` takes tokens; `false` for one that takes passwords, and for one that only the
    /// daemon reaches.
    fn gives_tokens<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<bool, TokenProblem>>;

    /// A token, from the server that the registry itself names.
    fn token<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Token, TokenProblem>>;
}

/// A token that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The host of the registry, such as `registry-1.docker.io`.
    pub host: &'a str,
    /// The permissions, such as `repository:a/b:pull`.
    pub scopes: &'a [String],
    /// The login behind it.
    pub login: &'a Credentials,
}

/// A token. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub secret: String,
    /// Its lifetime, if that is known.
    pub expires_in: Option<Duration>,
    /// The start of its lifetime in seconds since 1970, if that is known.
    pub issued_at: Option<i64>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}
