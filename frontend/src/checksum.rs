//! Downloads that are not what their checksums say, told from servers that answer with an error.
//!
//! BuildKit hashes the body of whatever a server answers when a checksum is set, so that every outage of a server reads as
//! `digest mismatch`. One more question without the checksum tells the truth.

use buildkit_client::{Gateway, GatewayError, GraphRequest, SourceAnswer};
use buildkit_llb::{Constraints, Entry, Http, OpContent};

use engine::{MISMATCH, source_queries};

use crate::error::FrontendError;

/// A download, and what it must hash to.
pub(crate) struct Checked {
    url: String,
    expected: String,
}

impl Checked {
    /// The download that `vertex` is, when that failed because another file came.
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

    /// What the server says without the checksum.
    pub(crate) async fn explained(self, gateway: &Gateway, failure: GatewayError) -> FrontendError {
        let said = match gateway.look_up(&source_queries::of_http(&self.url)).await {
            Err(error) => words(&error),
            Ok(Some(SourceAnswer::Http(found))) => self.compared(&found),
            // Old daemons say nothing of downloads before they have them.
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

/// What the daemon says.
fn words(error: &GatewayError) -> String {
    let failure = error.failure();
    failure.map_or_else(|| error.to_string(), |failure| failure.message)
}
