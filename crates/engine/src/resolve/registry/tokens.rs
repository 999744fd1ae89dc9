//! Tokens for the daemon, in the place of logins.
//!
//! The registry itself is asked which server gives its tokens: one that a daemon names would get the password. Where only
//! the daemon reaches the registry, nobody here can ask, and the daemon gets the login.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use buildkit_client::{Asked, Token, TokenProblem, TokenSeed, TokenSource};
use futures_util::future::{BoxFuture, FutureExt as _};
use reqwest::header::WWW_AUTHENTICATE;
use tokio::sync::OnceCell;

use super::{
    ResolveProblem,
    http::{
        challenge::{self, Challenge, TokenServer},
        token,
    },
    nonsense, server,
};
use crate::{resolve::web, source_failure::SourceTrouble};

/// The tokens of one process. Clones share what they know of registries, so that each is asked once.
#[derive(Debug, Clone, Default)]
pub struct RegistryTokens {
    seed: TokenSeed,
    known: Arc<Mutex<BTreeMap<String, TokenServerCell>>>,
}

/// The server that gives a registry's tokens, once that is known; `None` if there is none.
type TokenServerCell = Arc<OnceCell<Option<TokenServer>>>;

/// The same with the registries that speak plain HTTP.
#[derive(Debug)]
struct Source {
    tokens: RegistryTokens,
    insecure: Vec<String>,
}

impl RegistryTokens {
    /// The source of tokens and the seed of its keys.
    pub(crate) fn source(&self, insecure: &[String]) -> (Arc<dyn TokenSource>, TokenSeed) {
        let source = Source {
            tokens: self.clone(),
            insecure: insecure.to_vec(),
        };
        (Arc::new(source), self.seed.clone())
    }

    fn cell(&self, host: &str) -> TokenServerCell {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(host.to_owned()).or_default())
    }
}

impl Source {
    async fn token_server(&self, host: &str) -> Result<Option<TokenServer>, ResolveProblem> {
        let cell = self.tokens.cell(host);
        let asking = async || asked(&server(host, &self.insecure)).await;
        cell.get_or_try_init(asking).await.cloned()
    }

    async fn fetched(&self, asked: Asked<'_>) -> Result<Token, ResolveProblem> {
        let server = self.token_server(asked.host).await?;
        let server = server.ok_or_else(|| nonsense("the registry has no tokens"))?;
        token::fetch(&server, asked.scopes, Some(asked.login)).await
    }
}

impl TokenSource for Source {
    fn gives_tokens<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<bool, TokenProblem>> {
        async move { Ok(self.token_server(host).await?.is_some()) }.boxed()
    }

    fn token<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Token, TokenProblem>> {
        async move { Ok(self.fetched(asked).await?) }.boxed()
    }
}

/// The server that the registry at `server` names when it is asked for nothing in particular, as the distribution
/// specification has it.
async fn asked(server: &str) -> Result<Option<TokenServer>, ResolveProblem> {
    let asking = web::client()?.get(format!("{server}/v2/")).send().await;
    let response = match asking.map_err(|error| web::problem(&error)) {
        Ok(response) => response,
        Err(ResolveProblem::Server {
            trouble: Some(SourceTrouble::Unreachable),
            ..
        }) => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let status = response.status().as_u16();
    if SourceTrouble::of_status(status) == Some(SourceTrouble::Transient) {
        return Err(ResolveProblem::Server {
            trouble: Some(SourceTrouble::Transient),
            message: format!("the registry answered {status}"),
        });
    }
    let wanted = challenge::strongest(response.headers().get_all(WWW_AUTHENTICATE));
    Ok(wanted.and_then(|wanted| match wanted {
        Challenge::Bearer(server) => Some(server),
        Challenge::Basic => None,
    }))
}

#[cfg(test)]
mod tests;
