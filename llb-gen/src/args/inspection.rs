//! What the commands take that build nothing: `plan`, `why`, `graph`, `id`.

use std::path::PathBuf;

use catalog::{Caching, GitValues, PlanOptions};
use clap::{Args, ValueEnum};
use engine::{ImageNaming, Inspection};

use super::{
    ImageArgs, ImageFormat, ListingFormat, MirrorArgs, PatienceArgs, TarOptions, Variation,
    inspection, parse_directory,
};
use crate::failure::Failure;

/// Where earlier builds left their outputs, and how well those are looked at.
#[derive(Debug, Args)]
pub(crate) struct EarlierBuilds {
    /// The directory that outputs are written to
    #[arg(short, long, value_name = "DIR", default_value = "out", value_parser = parse_directory)]
    pub(crate) output: PathBuf,
    /// Read the files of earlier builds in full, instead of comparing size and time
    #[arg(long)]
    verify: bool,
}

impl EarlierBuilds {
    /// How well their files are looked at.
    pub(crate) fn inspection(&self) -> Inspection {
        inspection(self.verify)
    }
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Artifact names, globs, or `all`; the catalog's defaults, or all, when none is named
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    #[command(flatten)]
    pub(crate) variation: Variation,
    #[command(flatten)]
    pub(crate) tar: TarOptions,
    #[command(flatten)]
    pub(crate) image: ImageArgs,
    #[command(flatten)]
    pub(crate) mirrors: MirrorArgs,
    #[command(flatten)]
    pub(crate) earlier: EarlierBuilds,
    /// Exit with 1 when something would be built
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
    #[command(flatten)]
    pub(crate) patience: PatienceArgs,
}

/// What tells the variants and their graphs, of commands that push nothing.
#[derive(Debug, Args)]
pub(crate) struct Planned {
    #[command(flatten)]
    pub(crate) variation: Variation,
    #[command(flatten)]
    tar: TarOptions,
    #[command(flatten)]
    image: ImageFormat,
}

impl Planned {
    /// How the variants are planned.
    pub(crate) fn options(&self) -> Result<PlanOptions, Failure> {
        self.tar.planned(Caching::Use, &self.image)
    }

    /// What images are published with, from a directory of which git says `git`.
    pub(crate) fn naming(&self, git: GitValues) -> ImageNaming {
        self.image.naming(git)
    }
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The artifact
    pub(crate) artifact: String,
    /// Compare with this graph, as `llbgen emit` wrote it, instead of the last build's
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) planned: Planned,
    #[command(flatten)]
    pub(crate) earlier: EarlierBuilds,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Artifact names, globs, or `all`; the catalog's defaults, or all, when none is named
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    /// How to draw it: for graphviz, for Mermaid, as data, or as a picture
    #[arg(long, value_name = "FORMAT", default_value = "dot")]
    pub(crate) format: GraphFormat,
    /// Draw every platform, instead of this machine's
    #[arg(long, conflicts_with = "platform")]
    pub(crate) all_platforms: bool,
    #[command(flatten)]
    pub(crate) variation: Variation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Dot,
    Mermaid,
    Json,
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// Artifact names, globs, or `all`; the catalog's defaults, or all, when none is named
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    #[command(flatten)]
    pub(crate) planned: Planned,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
}
