//! What `import` takes.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Dockerfiles, docker-bake.hcl (the targets of its default group), the JSON of `docker buildx bake --print` (`-` for stdin), or compose files; an llbgen.toml of before parts and values alone
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the catalog to a file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Fail, with exit code 3, if something cannot be said
    #[arg(long)]
    pub(crate) strict: bool,
}
