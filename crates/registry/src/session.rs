//! The session with one registry: its login, its challenge, its tokens, and the limit of questions at a time.
//!
//! The client is our own and not a crate's, because the crates read answers without bounds: a registry that sends bytes
//! without end, or a token of a gigabyte, would fill the memory.
//!
//! Source: the OCI distribution specification.

pub(crate) mod answer;
pub(crate) mod challenge;
pub(crate) mod token;

mod authorized;
mod given_up;
mod token_server;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use buildkit_client::Credentials;
use reqwest::{
    Method, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use tokio::sync::{OnceCell, Semaphore};

pub(crate) use self::answer::Answer;
use self::{
    answer::taken,
    authorized::{Authorized, Scope},
    challenge::{Challenge, TokenServer},
    given_up::GivenUp,
};
use crate::{
    answering::{Answering, answering},
    client::Clients,
    patience::Patience,
    problem::RemoteProblem,
    retry::{Failed, retried},
    trouble::Trouble,
};

/// The most questions that are on their way to one registry.
pub const AT_ONCE: usize = 16;

/// The session with one registry.
#[derive(Debug)]
pub(crate) struct Session {
    clients: Clients,
    patience: Patience,
    /// `https://ghcr.io`.
    address: String,
    /// Kept once it is known, so that a helper runs once.
    login: OnceCell<Option<Credentials>>,
    permits: Semaphore,
    /// Held by the first question, so that the others know what the registry wants.
    first: tokio::sync::Mutex<()>,
    wants: Mutex<Wants>,
    token_server: OnceCell<Option<TokenServer>>,
    authorized: Authorized,
    /// Whether it has ever answered: then a connection that is refused is one that was lost.
    has_answered: AtomicBool,
    given_up: GivenUp,
}

/// The login that a registry wants.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    /// It was not asked yet.
    Unknown,
    /// Nothing so far.
    Nothing,
    /// A login.
    Login(Challenge),
}

/// A question to a registry.
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    /// The path behind the repository, such as `manifests/latest`.
    pub(crate) path: String,
    pub(crate) accept: &'a [&'a str],
    /// The body to put, with its media type.
    pub(crate) body: Option<(Vec<u8>, &'a str)>,
    /// The largest answer that is taken, in bytes.
    pub(crate) most: usize,
}

/// The header that is sent ahead of a challenge, and why there is none.
#[derive(Default)]
struct Ahead {
    header: Option<String>,
    failed: Option<(Challenge, Failed)>,
}

impl Session {
    pub(crate) fn new(clients: Clients, patience: Patience, address: String) -> Self {
        Self {
            clients,
            patience,
            address,
            login: OnceCell::new(),
            permits: Semaphore::new(AT_ONCE),
            first: tokio::sync::Mutex::default(),
            wants: Mutex::new(Wants::Unknown),
            token_server: OnceCell::new(),
            authorized: Authorized::default(),
            has_answered: AtomicBool::new(false),
            given_up: GivenUp::default(),
        }
    }

    /// Logs in with the credentials from `asking`, once.
    pub(crate) async fn with_login(
        &self,
        asking: impl Future<Output = Result<Option<Credentials>, RemoteProblem>>,
    ) -> Result<(), RemoteProblem> {
        let given = async || {
            Ok(asking
                .await?
                .filter(|login| *login != Credentials::default()))
        };
        self.login.get_or_try_init(given).await.map(drop)
    }

    /// The registry's address, such as `https://ghcr.io`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether there is a login.
    pub(crate) fn has_login(&self) -> bool {
        self.login.get().is_some_and(Option::is_some)
    }

    /// Asks about nothing in particular, as in the distribution specification, without a login.
    pub(crate) async fn greet(&self) -> reqwest::Result<Response> {
        let _permit = self.permits.acquire().await;
        let questions = &self.clients.questions;
        questions.get(format!("{}/v2/", self.address)).send().await
    }

    /// Asks about a repository, and again as often as the patience allows. All questions here may be asked twice: a
    /// manifest that is put again is the same.
    pub(crate) async fn ask(
        &self,
        repository: &str,
        question: &Question<'_>,
    ) -> Result<Answer, RemoteProblem> {
        // It is never closed. Held in the pauses, too: a registry that is busy gets fewer questions.
        let _permit = self.permits.acquire().await;
        self.patiently(|| self.ask_once(repository, question)).await
    }

    /// The answer after as many tries as the patience allows.
    async fn patiently<T, F: Future<Output = Result<T, Failed>>>(
        &self,
        trying: impl Fn() -> F,
    ) -> Result<T, RemoteProblem> {
        self.given_up.refuse()?;
        let answer = retried(&self.patience, self.host(), trying).await;
        self.given_up.note(&answer);
        answer
    }

    /// The host of the registry, with its port if it has one of its own.
    fn host(&self) -> &str {
        let (_, host) = self.address.split_once("://").unwrap_or_default();
        host
    }

    /// Asks about a repository, and asks once more with the login that the registry wants.
    async fn ask_once(&self, repository: &str, question: &Question<'_>) -> Result<Answer, Failed> {
        let scope = Scope::of(repository, &question.method);
        let (response, ahead) = self.sent_first(&scope, question).await?;
        if response.status() != 401 {
            return taken(response, question.most).await;
        }
        let wanted = challenge::strongest(response.headers().get_all(WWW_AUTHENTICATE));
        if let Some((challenge, problem)) = ahead.failed
            && wanted.as_ref() == Some(&challenge)
        {
            return Err(problem);
        }
        let refused = ahead.header.as_deref();
        let header = match wanted {
            Some(wanted) => self.authorization(&wanted, &scope, refused).await?,
            None => None,
        };
        let Some(header) = header else {
            return taken(response, question.most).await;
        };
        let response = self.send(&scope, question, Some(header)).await?;
        taken(response, question.most).await
    }

    /// Sends a question with the login that the registry is known to want. The first question goes alone: the others
    /// know the login from its answer.
    async fn sent_first(
        &self,
        scope: &Scope,
        question: &Question<'_>,
    ) -> Result<(Answering, Ahead), RemoteProblem> {
        let mut first = None;
        if *self.wants() == Wants::Unknown {
            first = Some(self.first.lock().await).filter(|_| *self.wants() == Wants::Unknown);
        }
        let ahead = self.ahead(scope).await;
        let sent = self.send(scope, question, ahead.header.clone()).await;
        self.learn(sent.as_ref().ok());
        drop(first);
        Ok((sent?, ahead))
    }

    async fn ahead(&self, scope: &Scope) -> Ahead {
        let wants = self.wants().clone();
        let Wants::Login(challenge) = wants else {
            return Ahead::default();
        };
        match self.authorization(&challenge, scope, None).await {
            Ok(header) => Ahead {
                header,
                failed: None,
            },
            Err(problem) => Ahead {
                header: None,
                failed: Some((challenge, problem)),
            },
        }
    }

    /// Notes down the login that an answer wants. Answers of other servers, which the registry redirected to, do not
    /// count.
    fn learn(&self, response: Option<&Answering>) {
        let own = response.filter(|response| {
            let (asked, rest) = (self.address.as_str(), response.url().as_str());
            rest.strip_prefix(asked)
                .is_some_and(|path| path.starts_with('/'))
        });
        let challenge = own
            .filter(|response| response.status() == 401)
            .and_then(|response| {
                challenge::strongest(response.headers().get_all(WWW_AUTHENTICATE))
            });
        let mut wants = self.wants();
        match challenge {
            Some(challenge) => *wants = Wants::Login(challenge),
            None if *wants == Wants::Unknown => *wants = Wants::Nothing,
            None => {}
        }
    }

    fn wants(&self) -> MutexGuard<'_, Wants> {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(
        &self,
        scope: &Scope,
        question: &Question<'_>,
        authorization: Option<String>,
    ) -> Result<Answering, RemoteProblem> {
        let url = format!("{}/v2/{}/{}", self.address, scope.repository, question.path);
        let questions = &self.clients.questions;
        let mut request = questions.request(question.method.clone(), url);
        if !question.accept.is_empty() {
            request = request.header(ACCEPT, question.accept.join(", "));
        }
        if let Some(header) = authorization {
            request = request.header(AUTHORIZATION, header);
        }
        if let Some((body, media_type)) = &question.body {
            request = request.header(CONTENT_TYPE, *media_type).body(body.clone());
        }
        self.answered(answering(request, &self.patience).await)
    }

    /// Remembers that the registry has answered. One that has is not unreachable when it refuses a connection.
    fn answered(
        &self,
        answer: Result<Answering, RemoteProblem>,
    ) -> Result<Answering, RemoteProblem> {
        match answer {
            Ok(answer) => {
                self.has_answered.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            Err(problem)
                if problem.trouble() == Some(Trouble::Unreachable)
                    && self.has_answered.load(Ordering::Relaxed) =>
            {
                Err(RemoteProblem::Lost {
                    host: self.host().to_owned(),
                    message: problem.to_string(),
                })
            }
            Err(problem) => Err(problem),
        }
    }

    /// The header that answers a challenge; `None` when there is nothing to answer with. A `refused` header is not
    /// given again.
    async fn authorization(
        &self,
        wanted: &Challenge,
        scope: &Scope,
        refused: Option<&str>,
    ) -> Result<Option<String>, Failed> {
        let login = self.login.get().and_then(Option::as_ref);
        match (wanted, login) {
            (Challenge::Bearer(server), login) => {
                let fetching = async || {
                    let scopes = [scope.to_string()];
                    let asking = (&self.clients.confined, &self.patience);
                    let token = token::fetch(asking, server, &scopes, login).await?;
                    Ok(format!("Bearer {}", token.secret))
                };
                let header = self.authorized.header(scope, refused, fetching).await;
                header.map(Some)
            }
            (Challenge::Basic, Some(login)) if login.username.is_empty() => {
                Err(RemoteProblem::IdentityToken.into())
            }
            (Challenge::Basic, Some(login)) => {
                let header = token::basic(login);
                Ok(Some(header).filter(|header| refused != Some(header.as_str())))
            }
            (Challenge::Basic, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
