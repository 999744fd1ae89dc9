//! The server of a download, asked once more without the checksum.
//!
//! The command asks through a session of its own, and a frontend through the gateway of the build that it is part of.

use std::future::Future;

use buildkit_client::{
    CancellationToken, Daemon, Gateway, GatewayError, GraphRequest, ResolveAccess, ResolveError,
    Solve, SolveError, SourceAnswer, SourceQuery,
};
use buildkit_llb::{Constraints, Http};

use crate::source_queries;

/// The answer of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// A file; its digest, if the daemon tells it.
    File(Option<String>),
    /// An error, in the daemon's words.
    Refused(String),
}

/// A daemon that can ask servers.
pub trait Downloads {
    /// The answer to a question; `None` if the daemon is too old for it.
    fn ask(
        &self,
        query: SourceQuery,
    ) -> impl Future<Output = Result<Option<Served>, ResolveError>> + Send;

    /// The answer to a graph that fetches the file, whatever its content.
    fn fetch(&self, graph: Vec<u8>) -> impl Future<Output = Result<Served, ResolveError>> + Send;
}

/// The answer of the server of `url`.
pub(crate) async fn served(url: &str, downloads: &impl Downloads) -> Result<Served, ResolveError> {
    if let Some(served) = downloads.ask(source_queries::of_http(url)).await? {
        return Ok(served);
    }
    // Old daemons say nothing of a download before they have fetched it.
    match Http::new(url).state().marshal(&Constraints::default()) {
        Ok(definition) => downloads.fetch(definition.to_bytes()).await,
        // A URL that was marshalled once can be so again.
        Err(_) => Ok(Served::File(None)),
    }
}

/// The answer that a daemon passes on.
fn passed_on(answer: Option<SourceAnswer>) -> Served {
    Served::File(match answer {
        Some(SourceAnswer::Http(digest)) => Some(digest),
        _ => None,
    })
}

/// The command's daemon.
pub(crate) struct Session<'a> {
    pub(crate) daemon: &'a Daemon,
    pub(crate) cancelled: &'a CancellationToken,
}

impl Downloads for Session<'_> {
    async fn ask(&self, query: SourceQuery) -> Result<Option<Served>, ResolveError> {
        let access = ResolveAccess::default();
        let asked = self.daemon.resolve(&[query], access, self.cancelled).await;
        match asked {
            Ok(answers) => Ok(Some(passed_on(answers.into_iter().next()))),
            Err(ResolveError::Refused { message, .. }) => Ok(Some(Served::Refused(message))),
            Err(ResolveError::NoAnswer { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn fetch(&self, graph: Vec<u8>) -> Result<Served, ResolveError> {
        let solve = Solve::definition(graph);
        match self.daemon.solve(solve, |_| {}, self.cancelled).await {
            Ok(_) => Ok(Served::File(None)),
            Err(SolveError::Build(failure)) => Ok(Served::Refused(failure.message)),
            Err(SolveError::Cancelled) => Err(ResolveError::Cancelled),
            Err(error) => Err(ResolveError::Solve(error)),
        }
    }
}

/// All that goes wrong is in the daemon's words.
impl Downloads for Gateway {
    async fn ask(&self, query: SourceQuery) -> Result<Option<Served>, ResolveError> {
        Ok(match self.look_up(&query).await {
            Ok(None) => None,
            Ok(answer) => Some(passed_on(answer)),
            Err(error) => Some(refused(&error)),
        })
    }

    async fn fetch(&self, graph: Vec<u8>) -> Result<Served, ResolveError> {
        let request = GraphRequest {
            definition: graph.into(),
            evaluate: true,
            ..GraphRequest::default()
        };
        let solved = self.solve(request).await;
        Ok(solved.map_or_else(|error| refused(&error), |_| Served::File(None)))
    }
}

fn refused(error: &GatewayError) -> Served {
    let failure = error.failure();
    Served::Refused(failure.map_or_else(|| error.to_string(), |failure| failure.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A daemon that knows the answer to a question, or is too old for it and fetches the file.
    struct Fake(Option<Served>);

    impl Downloads for Fake {
        async fn ask(&self, query: SourceQuery) -> Result<Option<Served>, ResolveError> {
            assert_eq!(query, source_queries::of_http("http://example.com/x"));
            Ok(self.0.clone())
        }

        async fn fetch(&self, graph: Vec<u8>) -> Result<Served, ResolveError> {
            assert!(!graph.is_empty());
            Ok(Served::Refused("fetched".to_owned()))
        }
    }

    #[tokio::test]
    async fn a_daemon_that_is_too_old_to_be_asked_fetches_the_file() {
        let fetched = Served::Refused("fetched".to_owned());
        let known = Served::File(Some("sha256:1".to_owned()));
        for (answer, expected) in [(Some(known.clone()), known), (None, fetched)] {
            let served = served("http://example.com/x", &Fake(answer)).await;
            assert_eq!(served.unwrap(), expected);
        }
    }
}
