//! What `drift` takes.

use std::path::PathBuf;

use clap::Args;

use super::{ListingFormat, Variation};

#[derive(Debug, Args)]
pub(crate) struct DriftArgs {
    /// Dockerfiles
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) variation: Variation,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
}
