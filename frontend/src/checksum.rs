//! Downloads whose content does not match their checksums, told from servers that answer with an error.
//!
//! When a checksum is set, BuildKit hashes the body of every answer, so that an outage of a server reads as
//! `digest mismatch`. A second question without the checksum finds the real reason.

use buildkit_client::{Gateway, GatewayError, GraphRequest, SourceAnswer};
use buildkit_llb::{Constraints, Entry, Http, OpContent};

use engine::{MISMATCH, source_queries};

use crate::error::FrontendError;

/// A download and its checksum.
pub(crate) struct Checked {
    url: String,
    expected: String,
}

impl Checked {
    /// The download of `vertex`, if it failed because another file came.
    pub(crate) fn of(vertex: &Entry, failure: &GatewayError) -> Option<Self> {
        let OpContent::Source(source) = vertex.content() else {
            return None;
        };
        let expected = source.http_checksum()?.to_owned();
        let said = failure.failure()?.message;
        said.contains(MISMATCH).then(|| Self {
            url: source.identifier.clone(),
            expected,
        })
    }

    /// The failure with the server's answer without the checksum.
    pub(crate) async fn explained(self, gateway: &Gateway, failure: GatewayError) -> FrontendError {
        let said = match gateway.look_up(&source_queries::of_http(&self.url)).await {
            Err(error) => words(&error),
            Ok(Some(SourceAnswer::Http(found))) => self.compared(&found),
            // Old daemons say nothing of a download before they have fetched it.
            Ok(_) => match self.fetched(gateway).await {
                Err(error) => words(&error),
                Ok(()) => self.changed(""),
            },
        };
        FrontendError::Download {
            url: self.url,
            said,
            failure: Box::new(failure),
        }
    }

    fn compared(&self, found: &str) -> String {
        if found == self.expected {
            return "the server sent something else a moment ago; build again".to_owned();
        }
        self.changed(&format!(", and `{found}` came"))
    }

    fn changed(&self, came: &str) -> String {
        format!(
            "it is not the file that it was: `{}` is expected{came}",
            self.expected
        )
    }

    async fn fetched(&self, gateway: &Gateway) -> Result<(), GatewayError> {
        // A URL that was marshalled once can be so again.
        let Ok(definition) = Http::new(self.url.as_str())
            .state()
            .marshal(&Constraints::default())
        else {
            return Ok(());
        };
        let request = GraphRequest {
            definition: definition.to_bytes().into(),
            evaluate: true,
            ..GraphRequest::default()
        };
        gateway.solve(request).await.map(drop)
    }
}

/// The daemon's words.
fn words(error: &GatewayError) -> String {
    let failure = error.failure();
    failure.map_or_else(|| error.to_string(), |failure| failure.message)
}
