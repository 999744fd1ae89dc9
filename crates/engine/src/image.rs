//! One image: what is built, and what leaves the daemon.

mod archive_file;
mod export;
mod layers;
mod publish;

use catalog::Plan;

pub(crate) use self::{
    export::{Left, solve},
    publish::Pushed,
};

/// How images leave the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageOptions {
    /// Whether they are pushed, instead of written as archives.
    pub push: bool,
    /// The kind of archives that are written.
    pub archive: Archive,
    /// The latest time in an image, in seconds since 1970.
    pub epoch: Option<i64>,
}

/// The kind of archive that an image is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Archive {
    /// OCI's, with an index of all platforms.
    #[default]
    Oci,
    /// For `docker load`, of one platform: the daemon refuses several.
    Docker,
}

/// The platforms of plans, with commas between them.
pub(crate) fn platforms(plans: &[Plan]) -> String {
    let platforms: Vec<String> = plans
        .iter()
        .map(|plan| plan.variant.platform.to_string())
        .collect();
    platforms.join(",")
}
