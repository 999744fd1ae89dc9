//! Answers to what clients ask instead of a build: `docker buildx build --call …`.

use buildkit_client::BuildResult;

use crate::{build::Build, error::FrontendError};

/// Answers a question.
pub(crate) async fn to(question: &str, _build: &Build<'_>) -> Result<BuildResult, FrontendError> {
    Err(FrontendError::UnknownQuestion {
        name: question.to_owned(),
        valid: Vec::new(),
    })
}
