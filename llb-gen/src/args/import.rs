//! What `import` takes.

use std::path::PathBuf;

use catalog::Platform;
use clap::Args;
use engine::{BuildContext, SshSpec};

use super::{ListingFormat, parse_assignment, parse_platform};

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
    /// Build each Dockerfile and its image of the catalog, and print how their trees and configs differ instead of the catalog; exit with 1 if they do, or if something was not compared
    #[arg(long)]
    pub(crate) verify: bool,
    /// How `--verify` prints what it found
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        requires = "verify"
    )]
    pub(crate) format: ListingFormat,
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
}

/// How both sides are built.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --verify")]
pub(crate) struct VerificationArgs {
    /// Platforms, such as linux/arm64; by default the daemon's own, if an image is made for it, or else all of an image
    #[arg(long, requires = "verify", value_name = "PLATFORM", value_delimiter = ',', value_parser = parse_platform)]
    pub(crate) platform: Vec<Platform>,
    /// Build with another value of an option, and of the argument that it stands for
    #[arg(long, requires = "verify", value_name = "OPTION=VALUE", alias = "build-arg", value_parser = parse_assignment)]
    pub(crate) set: Vec<(String, String)>,
    // Rustdoc would take the brackets for a link.
    #[arg(long, requires = "verify", value_name = "NAME=SOURCE", help = BUILD_CONTEXT)]
    pub(crate) build_context: Vec<BuildContext>,
    /// Give steps a secret: id=ID,src=FILE or id=ID,env=VARIABLE
    #[arg(long, requires = "verify", value_name = "SPEC")]
    // Read by the command: clap would repeat the text, which may hold the secret itself.
    pub(crate) secret: Vec<String>,
    /// Let steps ask an ssh agent: default, or ID=SOCKET
    #[arg(long, requires = "verify", value_name = "ID[=SOCKET]")]
    pub(crate) ssh: Vec<SshSpec>,
    /// A registry that speaks plain HTTP, as HOST:PORT; those on this machine are tried so anyway
    #[arg(long, requires = "verify", value_name = "HOST")]
    pub(crate) registry_insecure: Vec<String>,
    /// Give the daemon the credentials of a registry that the catalog does not name, such as a mirror; repeatable
    #[arg(long, requires = "verify", value_name = "HOST")]
    pub(crate) allow_credentials: Vec<String>,
}

const BUILD_CONTEXT: &str =
    "Use another base on both sides: docker-image://REF or oci-layout://DIR[:TAG][@DIGEST]";
