//! The options of a plan.

use crate::{compression::TarCompression, image_form::GivenForm};

/// Whether steps with a cached result on the daemon run again. Digests are the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Caching {
    /// A cached result is used.
    #[default]
    Use,
    /// Every step runs.
    Ignore,
}

/// The options of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanOptions {
    /// Whether cached results are used.
    pub caching: Caching,
    /// The latest time in a tar, in seconds since 1970: `SOURCE_DATE_EPOCH`. Later times are set back to this one.
    pub epoch: Option<i64>,
    /// The compression of the tar; that of the artifact when there is none. An image has one of its own for its layers.
    pub tar_compression: Option<TarCompression>,
    /// The form of images.
    pub image_form: GivenForm,
}

impl From<Caching> for PlanOptions {
    fn from(caching: Caching) -> Self {
        Self {
            caching,
            ..Self::default()
        }
    }
}
