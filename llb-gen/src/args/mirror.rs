//! `--mirror`, of the commands that fetch downloads or write graphs that do.

use catalog::{Mirror, MirrorError, Mirrors, listed};
use clap::Args;

use super::Global;
use crate::{
    failure::{Exit, Failure},
    stderr,
};

/// The mirrors of downloads.
#[derive(Debug, Args)]
pub(crate) struct MirrorArgs {
    /// Fetch downloads whose URL begins with the first PREFIX from the second one; checksums and ids stay; repeatable
    #[arg(long, value_name = "PREFIX=PREFIX")]
    // Read by the command: clap would repeat the text, which may hold a password.
    mirror: Vec<String>,
}

impl MirrorArgs {
    /// The mirrors.
    pub(crate) fn mirrors(&self) -> Result<Mirrors, Failure> {
        let mirrors = self.mirror.iter().map(|text| text.parse());
        let mirrors = mirrors.collect::<Result<Vec<Mirror>, MirrorError>>();
        let mirrors = mirrors.and_then(Mirrors::try_new);
        mirrors.map_err(|error| Failure::new(Exit::Usage, format!("`--mirror`: {error}")))
    }
}

/// Tells of mirrors that no download uses.
pub(crate) fn tell_unused_mirrors(unused: &[&str], global: &Global) {
    if let Some(warning) = unused_mirrors_warning(unused).filter(|_| !global.quiet) {
        stderr::line(&format!("warning: {warning}"));
    }
}

/// The warning about mirrors that no download uses: they change nothing.
pub(crate) fn unused_mirrors_warning(unused: &[&str]) -> Option<String> {
    (!unused.is_empty()).then(|| format!("no download uses the mirror of {}", listed(unused)))
}
