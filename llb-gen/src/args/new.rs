//! What `new` takes.

use std::path::PathBuf;

use catalog::Kind;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// What it is
    #[arg(value_name = "KIND", required_unless_present = "rust")]
    pub(crate) kind: Option<NewKind>,
    /// Its name
    #[arg(value_name = "NAME", required_unless_present = "rust")]
    pub(crate) name: Option<String>,
    /// What it starts from: an image, another artifact, `scratch`, or a Dockerfile whose FROM line names an image
    /// [default: debian:12, for files scratch]
    #[arg(long, value_name = "BASE")]
    pub(crate) base: Option<String>,
    /// Make a catalog crate in the new directory NAME instead, for artifacts in Rust
    #[arg(
        long,
        value_name = "NAME",
        requires = "llbgen",
        conflicts_with_all = ["kind", "name", "base"]
    )]
    pub(crate) rust: Option<PathBuf>,
    /// Where the crate finds llbgen: the URL of its git repository, or a checkout of it
    #[arg(long, value_name = "URL|DIR", requires = "rust")]
    pub(crate) llbgen: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewKind {
    /// A root filesystem: a tar per platform
    Rootfs,
    /// What steps change in a base: a tar per platform
    Layer,
    /// A container image
    Image,
    /// Plain files: a directory per platform
    Files,
    /// A tree that other artifacts are made from
    Stage,
}

impl NewKind {
    /// The base that an artifact of this kind begins with.
    pub(crate) fn default_base(self) -> &'static str {
        match self {
            Self::Files => "scratch",
            Self::Rootfs | Self::Layer | Self::Image | Self::Stage => "debian:12",
        }
    }
}

impl From<NewKind> for Kind {
    fn from(kind: NewKind) -> Self {
        match kind {
            NewKind::Rootfs => Self::Rootfs,
            NewKind::Layer => Self::Layer,
            NewKind::Image => Self::Image,
            NewKind::Files => Self::Files,
            NewKind::Stage => Self::Stage,
        }
    }
}
