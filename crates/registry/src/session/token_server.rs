//! The server of a registry's tokens, and tokens for the daemon.

use buildkit_client::{Credentials, Token};
use reqwest::header::WWW_AUTHENTICATE;

use super::{
    Session, Wants,
    challenge::{self, Challenge, TokenServer},
    token,
};
use crate::{client, problem::RemoteProblem, trouble::Trouble};

impl Session {
    /// A token for the daemon, from the server that the registry names.
    pub(crate) async fn token(
        &self,
        scopes: &[String],
        login: &Credentials,
    ) -> Result<Token, RemoteProblem> {
        let server = self.token_server().await?;
        let server = server.ok_or_else(|| RemoteProblem::nonsense("the registry has no tokens"))?;
        let _permit = self.permits.acquire().await;
        token::fetch(&self.clients.confined, &server, scopes, Some(login)).await
    }

    /// The server of the registry's tokens, as the registry itself names it; `None` if there is none, or if only the
    /// daemon reaches the registry.
    pub(crate) async fn token_server(&self) -> Result<Option<TokenServer>, RemoteProblem> {
        let asking = async || {
            if let Wants::Login(Challenge::Bearer(server)) = &*self.wants() {
                return Ok(Some(server.clone()));
            }
            self.asked_for_token_server().await
        };
        self.token_server.get_or_try_init(asking).await.cloned()
    }

    /// The server that the registry names in answer to a question about nothing in particular, as in the distribution
    /// specification.
    async fn asked_for_token_server(&self) -> Result<Option<TokenServer>, RemoteProblem> {
        let _permit = self.permits.acquire().await;
        let asking = self.clients.questions.get(format!("{}/v2/", self.address));
        let response = match asking.send().await.map_err(|error| client::problem(&error)) {
            Ok(response) => response,
            Err(RemoteProblem::Server {
                trouble: Some(Trouble::Unreachable),
                ..
            }) => return Ok(None),
            Err(problem) => return Err(problem),
        };
        let status = response.status().as_u16();
        if Trouble::of_status(status) == Some(Trouble::Transient) {
            return Err(RemoteProblem::Server {
                trouble: Some(Trouble::Transient),
                message: format!("the registry answered {status}"),
            });
        }
        self.learn(Some(&response));
        let wanted = challenge::strongest(response.headers().get_all(WWW_AUTHENTICATE));
        Ok(wanted.and_then(|wanted| match wanted {
            Challenge::Bearer(server) => Some(server),
            Challenge::Basic => None,
        }))
    }
}
