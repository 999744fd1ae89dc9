//! What a build tells while it runs.

use std::sync::Arc;

use buildkit_client::Progress;
use catalog::Variant;

/// One piece of news.
#[derive(Debug, Clone)]
pub enum Event {
    /// The daemon reports on a variant's steps.
    Progress {
        /// The variant.
        variant: Arc<Variant>,
        /// What it reports, known secrets blotted out.
        progress: Progress,
    },
    /// Something that a user should know.
    Notice(String),
}
