//! The events of a build.

use std::sync::Arc;

use buildkit_client::Progress;
use catalog::Variant;

use crate::build::VariantFailure;

/// One event.
#[derive(Debug, Clone)]
pub enum Event {
    /// The daemon reports on a variant's steps.
    Progress {
        /// The variant.
        variant: Arc<Variant>,
        /// What it reports, known secrets blotted out.
        progress: Progress,
    },
    /// Something that a user may want to know.
    Notice(String),
    /// Something that a user must know, even one who wants to hear of nothing else.
    Warning(String),
    /// A variant failed, and the others are built to their ends.
    Failed(Arc<VariantFailure>),
}
