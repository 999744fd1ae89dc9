//! The server of a registry's tokens, and tokens for the daemon.

use buildkit_client::{Credentials, Token};
use reqwest::header::WWW_AUTHENTICATE;

use super::{
    Session, Wants,
    challenge::{self, Challenge, TokenServer},
    token,
};
use crate::{
    answering::answering,
    problem::RemoteProblem,
    retry::{Again, Failed},
    trouble::Trouble,
};

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
        let asking = (&self.clients.confined, &self.patience);
        self.patiently(|| token::fetch(asking, &server, scopes, Some(login)))
            .await
    }

    /// The server of the registry's tokens, as the registry itself names it; `None` if there is none, or if only the
    /// daemon reaches the registry.
    pub(crate) async fn token_server(&self) -> Result<Option<TokenServer>, RemoteProblem> {
        let asking = async || {
            if let Wants::Login(Challenge::Bearer(server)) = &*self.wants() {
                return Ok(Some(server.clone()));
            }
            let _permit = self.permits.acquire().await;
            self.patiently(|| self.asked_for_token_server()).await
        };
        self.token_server.get_or_try_init(asking).await.cloned()
    }

    /// The server that the registry names in answer to a question about nothing in particular, as in the distribution
    /// specification.
    async fn asked_for_token_server(&self) -> Result<Option<TokenServer>, Failed> {
        let asking = self.clients.questions.get(format!("{}/v2/", self.address));
        let response = match self.answered(answering(asking, &self.patience).await) {
            Ok(response) => response,
            Err(problem) if problem.trouble() == Some(Trouble::Unreachable) => return Ok(None),
            Err(problem) => return Err(problem.into()),
        };
        let status = response.status().as_u16();
        if Trouble::of_status(status) == Some(Trouble::Transient) {
            return Err(Failed {
                again: Again::of(status, response.headers()),
                problem: RemoteProblem::Server {
                    trouble: Some(Trouble::Transient),
                    message: format!("the registry answered {status}"),
                },
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
