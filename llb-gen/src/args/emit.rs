//! What `emit` takes.

use catalog::Template;
use clap::{Args, ValueEnum};

use super::{CacheArgs, MirrorArgs, Variation, image::parse_tag};

#[derive(Debug, Args)]
pub(crate) struct EmitArgs {
    /// The artifact
    pub(crate) artifact: String,
    /// How to write it: `pb` is what buildctl reads
    #[arg(long, value_name = "FORMAT", default_value = "pb")]
    pub(crate) format: EmitFormat,
    /// Have buildctl push an image to PREFIX/NAME instead of the repository that the catalog names; repeatable
    #[arg(long, value_name = "PREFIX")]
    pub(crate) registry: Vec<String>,
    /// Have buildctl push an image under this tag; repeatable [default: the catalog's for the platform, or the content
    /// tag and the platform]
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tag: Vec<Template>,
    #[command(flatten)]
    pub(crate) caches: CacheArgs,
    #[command(flatten)]
    pub(crate) variation: Variation,
    #[command(flatten)]
    pub(crate) mirrors: MirrorArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmitFormat {
    Pb,
    Json,
}
