//! Answers to the questions that clients ask instead of a build: `docker buildx build --call …`. No graph is solved for
//! them, except to read directories of the client.

mod convert;
mod describe;
mod lint;
mod outline;
mod place;
mod question;
mod targets;

use std::collections::BTreeMap;

use buildkit_client::BuildResult;
use serde::Serialize;

use self::question::Question;
use crate::{build::Build, error::FrontendError};

/// The answer to a question that needs no catalog, which may be broken; an error if there is no such question.
pub(crate) fn at_once(question: &str) -> Option<Result<BuildResult, FrontendError>> {
    match Question::named(question) {
        Ok(Question::Describe) => {
            let answer = describe::answer();
            Some(answer.map(|answer| answer.into_result(Question::Describe)))
        }
        Ok(_) => None,
        Err(unknown) => Some(Err(unknown)),
    }
}

/// Answers a question about a catalog.
pub(crate) async fn to(question: &str, build: &Build<'_>) -> Result<BuildResult, FrontendError> {
    let question = Question::named(question)?;
    let answer = match question {
        Question::Describe => describe::answer(),
        Question::Outline => outline::answer(build).await,
        Question::Targets => targets::answer(build).await,
        Question::Lint => lint::answer(build).await,
        Question::Convert => convert::answer(build).await,
    };
    Ok(answer?.into_result(question))
}

/// The result for an error: if the question is what is wrong, the error is its answer.
pub(crate) fn or_error(
    question: Option<&str>,
    error: FrontendError,
) -> Result<BuildResult, FrontendError> {
    match question.map(Question::named) {
        Some(Ok(Question::Lint)) if is_found(&error) => {
            Ok(lint::only(&error)?.into_result(Question::Lint))
        }
        _ => Err(error),
    }
}

/// Whether an error is in the input, and not in the builder.
fn is_found(error: &FrontendError) -> bool {
    let trouble = matches!(
        error,
        FrontendError::Bug { .. }
            | FrontendError::Marshal(_)
            | FrontendError::Nonsense(_)
            | FrontendError::OwnImage(_)
    );
    !trouble && error.gateway().is_none()
}

/// An answer, for programs and for people.
#[derive(Debug)]
struct Answer {
    json: Vec<u8>,
    text: String,
    /// The exit status of a client, when it depends on the answer.
    status: Option<u8>,
}

impl Answer {
    fn new(value: &impl Serialize, text: String) -> Result<Self, FrontendError> {
        let json = serde_json::to_vec_pretty(value).map_err(|error| FrontendError::Bug {
            message: format!("an answer cannot be written: {error}"),
        })?;
        Ok(Self {
            json,
            text,
            status: None,
        })
    }

    fn with_status(mut self, status: u8) -> Self {
        self.status = Some(status);
        self
    }

    fn into_result(self, question: Question) -> BuildResult {
        let version = question.version().as_bytes().to_vec();
        let mut entries = BTreeMap::from([
            (question::JSON.to_owned(), self.json),
            (question::TEXT.to_owned(), self.text.into_bytes()),
            (question::VERSION.to_owned(), version),
        ]);
        if let Some(status) = self.status {
            entries.insert(question::STATUS.to_owned(), status.to_string().into_bytes());
        }
        BuildResult::Answer(entries)
    }
}

#[cfg(test)]
mod tests;
