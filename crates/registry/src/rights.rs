//! The rights in a repository: may it be read, may it be pushed to. Nothing is written for it.

use reqwest::{Method, Url, header::LOCATION};

use crate::{
    problem::RemoteProblem,
    remote_image::RemoteImage,
    session::Question,
    trouble::{Trouble, status_in},
};

/// The largest answer that is taken. Registries answer these questions with a line.
const MAX_ANSWER: usize = 1 << 20;

/// The answer to a question about a right.
#[derive(Debug)]
pub enum Right {
    /// It is given.
    Given,
    /// The repository is not there yet; the right to read it is not refused.
    Empty,
    /// The registry wants a login, or another one (401).
    NotLoggedIn(RemoteProblem),
    /// The login does not have this right (403), or the registry pretends that nothing is there.
    Refused(RemoteProblem),
}

/// An upload that was begun for the question alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BegunUpload {
    /// It was cancelled.
    Cancelled,
    /// The registry does not take the cancellation. It forgets an upload without data by itself.
    Left,
}

impl RemoteImage {
    /// Whether the repository may be read.
    ///
    /// # Errors
    /// When the registry gives no answer that tells.
    pub async fn may_be_read(&self) -> Result<Right, RemoteProblem> {
        match self
            .ask(&question(Method::GET, "tags/list?n=1".to_owned()))
            .await
        {
            Ok(_) => Ok(Right::Given),
            Err(problem) => right(problem),
        }
    }

    /// Whether the repository may be pushed to: an upload is begun and cancelled, and no blob or tag is written. `None`
    /// stands for an upload that was not begun.
    ///
    /// # Errors
    /// When the registry gives no answer that tells.
    pub async fn may_be_pushed(&self) -> Result<(Right, Option<BegunUpload>), RemoteProblem> {
        let begin = question(Method::POST, "blobs/uploads/".to_owned());
        let answer = match self.ask(&begin).await {
            Ok(answer) => answer,
            Err(problem) => return Ok((right(problem)?, None)),
        };
        let location = answer.headers.get(LOCATION).and_then(|at| at.to_str().ok());
        let path = location.and_then(|at| self.path_of_upload(at));
        let cancelled = match path {
            Some(path) => self.ask(&question(Method::DELETE, path)).await.is_ok(),
            None => false,
        };
        let upload = if cancelled {
            BegunUpload::Cancelled
        } else {
            BegunUpload::Left
        };
        Ok((Right::Given, Some(upload)))
    }

    /// The path of an upload behind its repository; `None` on another server, which gets no login.
    fn path_of_upload(&self, location: &str) -> Option<String> {
        let registry = Url::parse(self.address()).ok()?;
        let url = registry.join(location).ok()?;
        if url.origin() != registry.origin() {
            return None;
        }
        let path = url.path().strip_prefix(&format!("/v2/{}/", self.path()))?;
        Some(match url.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        })
    }
}

fn question(method: Method, path: String) -> Question<'static> {
    Question {
        method,
        path,
        accept: &[],
        body: None,
        most: MAX_ANSWER,
    }
}

/// The meaning of a refusal.
fn right(problem: RemoteProblem) -> Result<Right, RemoteProblem> {
    let status = status_in(&problem.to_string());
    match (status, problem.trouble()) {
        (Some(401), _) => Ok(Right::NotLoggedIn(problem)),
        (Some(404), _) => Ok(Right::Empty),
        (Some(403), _) | (_, Some(Trouble::Missing)) => Ok(Right::Refused(problem)),
        _ => Err(problem),
    }
}

#[cfg(test)]
mod tests;
