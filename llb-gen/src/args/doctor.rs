//! What `doctor` takes.

use std::path::PathBuf;

use clap::Args;

use super::{ListingFormat, Variation, parse_directory};

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Artifact names, globs, or `all`; all when none is named
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    #[command(flatten)]
    pub(crate) variation: Variation,
    /// Check PREFIX/NAME instead of the repositories that the catalog names; repeatable
    #[arg(long, value_name = "PREFIX")]
    pub(crate) registry: Vec<String>,
    /// A registry that speaks plain HTTP, as HOST:PORT; those on this machine are tried so anyway
    #[arg(long, value_name = "HOST")]
    pub(crate) registry_insecure: Vec<String>,
    /// The directory that outputs are written to
    #[arg(short, long, value_name = "DIR", default_value = "out", value_parser = parse_directory)]
    pub(crate) output: PathBuf,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
}
