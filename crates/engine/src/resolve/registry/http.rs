//! Questions to one registry about one repository: the login that it asks for, and answers of a bounded size.
//!
//! The client is our own, and not `oci-client`'s, because that one reads answers without bounds: a registry that sends
//! bytes without end, or a token of a gigabyte, would fill the memory.
//!
//! The distribution specification.

mod answer;
pub(super) mod challenge;
pub(super) mod token;

use std::{collections::BTreeMap, sync::PoisonError};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use buildkit_client::Credentials;
use reqwest::{
    Client, Method, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
};

use self::{
    answer::{Answer, taken},
    challenge::Challenge,
};
use super::ResolveProblem;
use crate::resolve::web;

/// What a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Pull,
    Push,
}

/// A registry and a repository in it.
pub(super) struct Http {
    client: Client,
    /// `https://ghcr.io`.
    server: String,
    repository: String,
    login: Option<Credentials>,
    /// The headers that it has asked for.
    authorized: std::sync::Mutex<BTreeMap<Access, String>>,
}

/// A question.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    /// Behind the repository, such as `manifests/latest`.
    pub(super) path: String,
    pub(super) accept: &'a [&'a str],
    /// What is put, with its media type.
    pub(super) body: Option<(Vec<u8>, &'a str)>,
    /// The largest answer that is taken, in bytes.
    pub(super) most: usize,
}

impl Http {
    pub(super) fn new(
        server: String,
        repository: &str,
        login: Option<Credentials>,
    ) -> Result<Self, ResolveProblem> {
        Ok(Self {
            client: web::client()?,
            server,
            repository: repository.to_owned(),
            login: login.filter(|login| *login != Credentials::default()),
            authorized: std::sync::Mutex::default(),
        })
    }

    /// Asks, and asks once more with the login that the registry wants.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<Answer, ResolveProblem> {
        let access = match question.method {
            Method::PUT => Access::Push,
            _ => Access::Pull,
        };
        let response = self.send(question, self.known(access)).await?;
        if response.status() != 401 {
            return taken(response, question.most).await;
        }
        let wanted = challenge::strongest(response.headers().get_all(WWW_AUTHENTICATE));
        let Some(header) = self.authorization(wanted, access).await? else {
            return taken(response, question.most).await;
        };
        self.lock().insert(access, header.clone());
        taken(self.send(question, Some(header)).await?, question.most).await
    }

    /// The header that is sent without being asked for: what was asked for before.
    fn known(&self, access: Access) -> Option<String> {
        self.lock().get(&access).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Access, String>> {
        self.authorized
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(
        &self,
        question: &Question<'_>,
        authorization: Option<String>,
    ) -> Result<Response, ResolveProblem> {
        let url = format!("{}/v2/{}/{}", self.server, self.repository, question.path);
        let mut request = self.client.request(question.method.clone(), url);
        if !question.accept.is_empty() {
            request = request.header(ACCEPT, question.accept.join(", "));
        }
        if let Some(header) = authorization {
            request = request.header(AUTHORIZATION, header);
        }
        if let Some((body, media_type)) = &question.body {
            request = request.header(CONTENT_TYPE, *media_type).body(body.clone());
        }
        request.send().await.map_err(|error| web::problem(&error))
    }

    /// The header that answers a challenge; `None` when there is nothing to answer with.
    async fn authorization(
        &self,
        wanted: Option<Challenge>,
        access: Access,
    ) -> Result<Option<String>, ResolveProblem> {
        match (wanted, &self.login) {
            (Some(Challenge::Bearer(server)), login) => {
                let scopes = [self.scope(access)];
                let token = token::fetch(&server, &scopes, login.as_ref()).await?;
                Ok(Some(format!("Bearer {}", token.secret)))
            }
            (Some(Challenge::Basic), Some(login)) if login.username.is_empty() => {
                Err(ResolveProblem::IdentityToken)
            }
            (Some(Challenge::Basic), Some(login)) => Ok(Some(basic(login))),
            (Some(Challenge::Basic), None) | (None, _) => Ok(None),
        }
    }

    fn scope(&self, access: Access) -> String {
        let actions = match access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
        };
        format!("repository:{}:{actions}", self.repository)
    }
}

fn basic(login: &Credentials) -> String {
    let pair = format!("{}:{}", login.username, login.secret);
    format!("Basic {}", STANDARD.encode(pair))
}

#[cfg(test)]
mod tests;
