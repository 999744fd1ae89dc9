//! Requests for tokens, which registries take in place of logins.
//!
//! Docker's token authentication (`distribution`, `spec/auth/token.md` and `spec/auth/oauth.md`). A password goes in a
//! GET, which all servers know, and in a POST where the GET is refused, as in containerd. An identity token is a
//! refresh token, which works in a POST alone. A caller with a login never gets the token of one without.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use buildkit_client::{Credentials, Token};
use jiff::Timestamp;
use reqwest::{
    Client, RequestBuilder, Url,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;

use super::{
    answer::{quoted, taken_without},
    challenge::TokenServer,
};
use crate::{
    answering::{Answering, answering},
    patience::Patience,
    problem::RemoteProblem,
    retry::Failed,
};

/// Our name at token servers.
const CLIENT_ID: &str = "llbgen";

/// The largest answer with a token; real ones have some kilobytes.
const MAX_TOKEN: usize = 1 << 20;

/// The statuses after which a POST is worth a try: servers that know no GET answer with one of these.
const NO_GET: [u16; 3] = [401, 404, 405];

/// The answer of a token server: the token under one of two names, by the age of the server.
#[derive(Deserialize)]
struct Given {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
    issued_at: Option<String>,
}

/// A token for `scopes`, such as `repository:a/b:pull`. `client` takes no login to another server.
pub(crate) async fn fetch(
    (client, patience): (&Client, &Patience),
    server: &TokenServer,
    scopes: &[String],
    login: Option<&Credentials>,
) -> Result<Token, Failed> {
    let realm = Url::parse(&server.realm).map_err(|_| {
        let realm = quoted(&server.realm);
        RemoteProblem::nonsense(format!("`{realm}` is no address to log in at"))
    })?;
    let asking = Asking {
        client,
        patience,
        realm,
        service: server.service.as_deref(),
        scopes,
    };
    let response = match login {
        None => asking.sent(asking.get()).await?,
        Some(login) => asking.with_login(login).await?,
    };
    let secret = login.map_or("", |login| &login.secret);
    Ok(token(
        &taken_without(secret, response, MAX_TOKEN).await?.body,
    )?)
}

/// One request for a token.
struct Asking<'a> {
    client: &'a Client,
    patience: &'a Patience,
    realm: Url,
    service: Option<&'a str>,
    scopes: &'a [String],
}

impl Asking<'_> {
    async fn with_login(&self, login: &Credentials) -> Result<Answering, RemoteProblem> {
        if login.username.is_empty() {
            let grant = [
                ("grant_type", "refresh_token"),
                ("refresh_token", &login.secret),
            ];
            return self.sent(self.post(&grant)).await;
        }
        let get = self.get().header(AUTHORIZATION, basic(login));
        let answer = self.sent(get).await?;
        if !NO_GET.contains(&answer.status().as_u16()) {
            return Ok(answer);
        }
        let grant = [
            ("grant_type", "password"),
            ("username", &login.username),
            ("password", &login.secret),
        ];
        // A server without POST says only that; its answer to the GET says what is wrong with the login.
        match self.sent(self.post(&grant)).await {
            Ok(posted) if posted.status().is_success() => Ok(posted),
            Ok(_) | Err(_) => Ok(answer),
        }
    }

    fn get(&self) -> RequestBuilder {
        let mut url = self.realm.clone();
        url.query_pairs_mut()
            .extend_pairs(self.scopes.iter().map(|scope| ("scope", scope)))
            .extend_pairs(self.service.map(|service| ("service", service)))
            .append_pair("client_id", CLIENT_ID);
        self.client.get(url)
    }

    fn post(&self, grant: &[(&str, &str)]) -> RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        if !self.scopes.is_empty() {
            form.append_pair("scope", &self.scopes.join(" "));
        }
        form.append_pair("service", self.service.unwrap_or_default())
            .append_pair("client_id", CLIENT_ID)
            .extend_pairs(grant);
        self.client
            .post(self.realm.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish())
    }

    async fn sent(&self, request: RequestBuilder) -> Result<Answering, RemoteProblem> {
        answering(request, self.patience).await
    }
}

/// The header of a login with user name and password.
pub(crate) fn basic(login: &Credentials) -> String {
    let pair = format!("{}:{}", login.username, login.secret);
    format!("Basic {}", STANDARD.encode(pair))
}

/// The token in an answer. Errors of the parser are not passed on: they would quote it.
fn token(body: &[u8]) -> Result<Token, RemoteProblem> {
    let given: Option<Given> = serde_json::from_slice(body).ok();
    let given = given.and_then(|given| {
        let issued_at = given.issued_at.map(|time| time.parse::<Timestamp>());
        Some(Token {
            secret: given
                .token
                .or(given.access_token)
                .filter(|token| !token.is_empty())?,
            expires_in: given.expires_in.map(Duration::from_secs),
            issued_at: issued_at.transpose().ok()?.map(Timestamp::as_second),
        })
    });
    given.ok_or_else(|| {
        RemoteProblem::nonsense("there is no token in what the registry's login says")
    })
}

#[cfg(test)]
mod tests;
