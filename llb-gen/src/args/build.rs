//! What `build` takes.

use std::path::PathBuf;

use clap::Args;
use engine::{Inspection, SshSpec};

use super::{
    CacheArgs, Engine, ImageArgs, Locking, MirrorArgs, OutputSpec, PatienceArgs, TarOptions,
    Variation, inspection,
};
use crate::workspace::host_platform;

/// What of earlier builds is used.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Reuse {
    /// Run every step again, whatever is cached; implies --no-skip
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Export again what is there already
    #[arg(long)]
    pub(crate) no_skip: bool,
    /// Read the files of earlier builds in full, instead of comparing size and time
    #[arg(long)]
    pub(crate) verify: bool,
}

impl Reuse {
    /// How well the files of earlier builds are looked at.
    pub(crate) fn inspection(self) -> Inspection {
        inspection(self.verify)
    }

    /// Whether everything is built, whatever is there.
    pub(crate) fn builds_always(self) -> bool {
        self.no_skip || self.no_cache
    }
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Artifact names, globs, or `all`; the catalog's defaults when none is named
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    #[command(flatten)]
    pub(crate) variation: Variation,
    #[command(flatten)]
    pub(crate) tar: TarOptions,
    /// Where outputs go: a directory, `-` for stdout, or type=tar|oci|docker|local,dest=PATH
    ///
    /// In a directory, every output has the name that the catalog gives it, and what is there already is not built again.
    /// A `dest` may have {artifact}, {arch}, {platform}, and the artifact's axes and options in it, and must when there are
    /// several outputs; without it, or with `-`, the one output goes to stdout.
    ///
    /// With SOURCE_DATE_EPOCH in the environment, no file of any output has a later time, but for
    /// those in the layers of an image's base.
    #[arg(short, long, value_name = "DIR|-|SPEC", default_value = "out")]
    pub(crate) output: OutputSpec,
    /// Load images into docker or podman, for this machine's platform or the one of `--platform`
    #[arg(
        long,
        value_name = "ENGINE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        conflicts_with_all = ["push", "output"]
    )]
    pub(crate) load: Option<Engine>,
    #[command(flatten)]
    pub(crate) image: ImageArgs,
    /// Give steps a secret: id=ID,src=FILE or id=ID,env=VARIABLE
    #[arg(long, value_name = "SPEC")]
    // Read by the command: clap would repeat the text, which may hold the secret itself.
    pub(crate) secret: Vec<String>,
    /// Let steps ask an ssh agent: default, or ID=SOCKET
    #[arg(long, value_name = "ID[=SOCKET]")]
    pub(crate) ssh: Vec<SshSpec>,
    /// Give the daemon the credentials of a registry that the build does not name, such as a mirror; repeatable
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_credentials: Vec<String>,
    /// Certificates that networked steps trust in addition, as a PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) build_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) mirrors: MirrorArgs,
    #[command(flatten)]
    pub(crate) reuse: Reuse,
    #[command(flatten)]
    pub(crate) caches: CacheArgs,
    #[command(flatten)]
    pub(crate) locking: Locking,
    /// Build the others to the end when one fails
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// How many variants are built at a time [default: all of them; the daemon runs as many steps as it can]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Write what was built, with sha256 and size, to this JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) patience: PatienceArgs,
}

impl BuildArgs {
    /// Which variants are built: for docker and podman those that this machine runs, unless it is said otherwise.
    pub(crate) fn for_platforms(&self) -> Variation {
        let mut variation = self.variation.clone();
        if self.load.is_some() && variation.platform.is_empty() {
            variation.platform.push(host_platform());
        }
        variation
    }
}
