//! Images that the daemon cannot push: the repository and the kind of trouble, read from the daemon's words.

use buildkit_client::{BuildFailure, SolveError};

use crate::source_failure::Trouble;

/// An image that the daemon could not push.
#[derive(Debug, thiserror::Error)]
#[error("`{repository}` cannot be pushed to")]
pub struct PushFailure {
    /// The repository.
    pub repository: String,
    /// The other registries that the image goes to.
    pub others: Vec<String>,
    /// What kind of trouble it is, if that can be told.
    pub trouble: Option<Trouble>,
    /// What the daemon said.
    #[source]
    pub error: SolveError,
}

/// The beginning of the message of BuildKit's `util/push`.
const FAILED: &str = "failed to push ";

/// The repository and the trouble, if it was a push that failed.
pub(crate) fn classify(failure: &BuildFailure) -> Option<(String, Option<Trouble>)> {
    if failure.exit_code.is_some() {
        return None;
    }
    let (_, rest) = failure.message.split_once(FAILED)?;
    let (repository, said) = rest.split_once(": ")?;
    Some((repository.to_owned(), Trouble::of_words(said)))
}

#[cfg(test)]
mod tests {
    use buildkit_client::Code;

    use super::*;

    #[test]
    fn the_words_of_the_daemon_tell_where_and_why() {
        let check = |message: &str, expected: Option<(&str, Option<Trouble>)>| {
            let failure = BuildFailure {
                code: Code::Unknown,
                message: message.to_owned(),
                vertex: None,
                exit_code: None,
                sources: Vec::new(),
            };
            let expected = expected.map(|(repository, trouble)| (repository.to_owned(), trouble));
            assert_eq!(classify(&failure), expected, "{message}");
        };
        check(
            "failed to push localhost:5/x/a: failed to do request: Head \"http://localhost:5/v2/\": dial tcp 127.0.0.1:5: connect: connection refused",
            Some(("localhost:5/x/a", Some(Trouble::Unreachable))),
        );
        check(
            "failed to solve: failed to push ghcr.io/x/a: unexpected status from POST request to https://ghcr.io/: 403 Forbidden",
            Some(("ghcr.io/x/a", Some(Trouble::Missing))),
        );
        check(
            "failed to push ghcr.io/x/a: something else",
            Some(("ghcr.io/x/a", None)),
        );
        check("failed to solve: connection refused", None);
    }
}
