//! What the command line takes. The doc comments are the help texts, so they are written for a terminal.

#![expect(clippy::doc_markdown, reason = "help texts have no markup")]

mod attest;
mod build;
mod cache;
mod doctor;
mod drift;
mod emit;
mod image;
mod import;
mod inspection;
mod lock;
mod mirror;
mod new;
mod output;
mod patience;

use std::{path::PathBuf, str::FromStr};

use buildkit_client::{Address, AddressError, TlsFlags};
use catalog::{
    CacheNamespace, CacheNamespaceError, Caching, PlanOptions, Platform, Request, TarCompression,
};
use clap::{Args, Parser, Subcommand, ValueEnum, parser::ValueSource};
use engine::{BuildContext, Disk, HelperImage, Inspection};

pub(crate) use self::build::BuildArgs;
pub(crate) use self::cache::CacheArgs;
pub(crate) use self::doctor::DoctorArgs;
pub(crate) use self::drift::DriftArgs;
pub(crate) use self::emit::{EmitArgs, EmitFormat};
pub(crate) use self::image::{Engine, ImageArgs, ImageFormat};
pub(crate) use self::import::{ImportArgs, VerificationArgs};
pub(crate) use self::inspection::{GraphArgs, GraphFormat, IdArgs, PlanArgs, WhyArgs};
pub(crate) use self::lock::{Access, LockArgs, Locking, UpdateArgs, secret_specs};
pub(crate) use self::mirror::{MirrorArgs, tell_unused_mirrors, unused_mirrors_warning};
pub(crate) use self::new::NewArgs;
pub(crate) use self::output::{FileForm, OutputSpec};
pub(crate) use self::patience::PatienceArgs;
use crate::failure::{Exit, Failure};

/// Builds root filesystem tars, layer tars and images as one BuildKit graph.
#[derive(Debug, Parser)]
#[command(
    name = "llbgen",
    version,
    propagate_version = true,
    max_term_width = 110,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The directory that inputs, Dockerfiles and llbgen.toml are read from
    #[arg(
        short = 'C',
        long,
        global = true,
        value_name = "DIR",
        default_value = "."
    )]
    pub(crate) context: PathBuf,
    /// How progress is shown
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        env = "BUILDKIT_PROGRESS",
        default_value = "auto"
    )]
    pub(crate) progress: ProgressMode,
    /// When colours are used; `auto` also honours NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorMode,
    /// Say which daemon builds
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say nothing but warnings and errors, like `--progress quiet`
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// How to reach the daemon.
#[derive(Debug, Args)]
#[command(next_help_heading = "Daemon")]
pub(crate) struct Connection {
    /// The daemon: unix:///SOCKET, tcp://HOST:PORT, docker-container://NAME, podman-container://NAME, kube-pod://POD or
    /// ssh://HOST; without it, the one at the usual socket, or a private one
    #[arg(long, global = true, value_name = "ADDR", env = "BUILDKIT_HOST")]
    pub(crate) addr: Option<String>,
    /// The source of the address; the command line without one
    #[arg(skip)]
    pub(crate) addr_source: Option<ValueSource>,
    /// A directory with ca.pem, cert.pem and key.pem
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) tlsdir: Option<PathBuf>,
    /// The certificate authority that signed the daemon's certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tlscacert: Option<PathBuf>,
    /// The client's certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tlscert: Option<PathBuf>,
    /// The client's key
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tlskey: Option<PathBuf>,
    /// The name that the daemon's certificate must have, when it is not the address's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) tlsservername: Option<String>,
}

impl Connection {
    /// The daemon that the user names. TLS flags without one would have no effect, so they are refused.
    pub(crate) fn address(&self) -> Result<Option<Address>, Failure> {
        let Some(given) = self.addr.as_deref().filter(|addr| !addr.is_empty()) else {
            return match self.tls_flag() {
                None => Ok(None),
                Some(flag) => Err(Failure::new(
                    Exit::Usage,
                    format!("`{flag}` needs `--addr` or `BUILDKIT_HOST`"),
                )
                .with_hint("name the daemon that speaks TLS, as `--addr tcp://HOST:PORT`")),
            };
        };
        given
            .parse()
            .map(Some)
            .map_err(|error: AddressError| Failure::new(Exit::Usage, error))
    }

    fn tls_flag(&self) -> Option<&'static str> {
        let given = [
            ("--tlsdir", self.tlsdir.is_some()),
            ("--tlscacert", self.tlscacert.is_some()),
            ("--tlscert", self.tlscert.is_some()),
            ("--tlskey", self.tlskey.is_some()),
            ("--tlsservername", self.tlsservername.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// The TLS flags.
    pub(crate) fn tls(&self) -> TlsFlags {
        TlsFlags {
            dir: self.tlsdir.clone(),
            ca: self.tlscacert.clone(),
            cert: self.tlscert.clone(),
            key: self.tlskey.clone(),
            server_name: self.tlsservername.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    Auto,
    Tty,
    Plain,
    Rawjson,
    Quiet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorMode {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the artifacts
    List(ListArgs),
    /// Show one artifact in full
    Show(ShowArgs),
    /// Write an artifact's LLB to stdout, for `buildctl build`
    Emit(EmitArgs),
    /// Build artifacts and write their tars
    Build(BuildArgs),
    /// Say what `build` would do, and why, without building
    Plan(PlanArgs),
    /// Say what changed since the last build, down to the pin or file line
    Why(WhyArgs),
    /// Draw the graph of artifacts, with what they share marked
    Graph(GraphArgs),
    /// Print the ids of artifacts, without a daemon and a network
    Id(IdArgs),
    /// Pin what the catalog's references stand for, in llbgen.lock
    Lock(LockArgs),
    /// Pin references anew, to what they stand for now
    Update(UpdateArgs),
    /// Add an artifact to llbgen.toml, or make a catalog crate
    New(NewArgs),
    /// Turn Dockerfiles, bake files and compose files into an llbgen.toml
    Import(ImportArgs),
    /// Check the daemon, the registries, the lock and the output directory
    Doctor(DoctorArgs),
    /// Say whether Dockerfiles build on the current images of the catalog
    Drift(DriftArgs),
    /// Print the JSON schema of llbgen.toml, for editors
    Schema,
    /// Write shell completions to stdout
    Completions(CompletionsArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListingFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Artifact names, globs, or `all`; all when none is named
    #[arg(value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    /// With the artifacts that they are made from
    #[arg(long)]
    pub(crate) needed: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The artifact
    pub(crate) artifact: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
    #[command(flatten)]
    pub(crate) variation: Variation,
}

/// Which variants are meant, and what stands in for their bases.
#[derive(Debug, Clone, Args)]
pub(crate) struct Variation {
    /// Platforms, such as linux/arm64; all declared ones by default
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',', value_parser = parse_platform)]
    pub(crate) platform: Vec<Platform>,
    /// Set an option, or build an axis for one value only
    #[arg(long, value_name = "OPTION=VALUE", alias = "build-arg", value_parser = parse_assignment)]
    pub(crate) set: Vec<(String, String)>,
    // Rustdoc would take the brackets for a link.
    #[arg(long, value_name = "NAME=SOURCE", help = BUILD_CONTEXT)]
    pub(crate) build_context: Vec<BuildContext>,
    // The same.
    #[arg(long, value_name = HELPER_IMAGE_VALUE, help = HELPER_IMAGE)]
    pub(crate) helper_image: Option<HelperImage>,
    /// Keep the caches of commands apart from those of other names; the lock's name by default
    #[arg(long, value_name = "NAME", env = "LLBGEN_CACHE_NAMESPACE")]
    pub(crate) cache_namespace: Option<GivenNamespace>,
}

/// A namespace of caches, or none: a variable of the environment may be there and empty.
#[derive(Debug, Clone)]
pub(crate) struct GivenNamespace(Option<CacheNamespace>);

impl FromStr for GivenNamespace {
    type Err = CacheNamespaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let given = (!text.is_empty()).then(|| text.parse());
        given.transpose().map(Self)
    }
}

const HELPER_IMAGE_VALUE: &str = "[PLATFORM=]REF";

const HELPER_IMAGE: &str = "Pack layers with the program in this image, the frontend's; PLATFORM is the daemon's, like this machine's by default";

const BUILD_CONTEXT: &str = "Use another base, docker-image://REF, oci-layout://DIR[:TAG][@DIGEST] or a root filesystem tar with {arch} in its path; or give a directory of input files";

impl Variation {
    /// The context directory, with what is given besides.
    pub(crate) fn disk(&self, global: &Global) -> Disk {
        let namespace = self.cache_namespace.as_ref();
        Disk {
            build_contexts: self.build_context.clone(),
            helper_image: self.helper_image.clone(),
            cache_namespace: namespace.and_then(|given| given.0.clone()),
            ..Disk::new(&global.context)
        }
    }

    pub(crate) fn request(&self, artifacts: &[String]) -> Request {
        Request {
            artifacts: artifacts.to_vec(),
            platforms: self.platform.clone(),
            set: self.set.clone(),
        }
    }
}

/// How tars are written.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct TarOptions {
    /// Compress tars: uncompressed, gzip[:0-9] or zstd[:1-22]; their names get .gz or .zst [default: as the catalog says]
    #[arg(long, value_name = "HOW")]
    pub(crate) tar_compression: Option<TarCompression>,
}

impl TarOptions {
    /// What is planned with them.
    pub(crate) fn planned(
        self,
        caching: Caching,
        images: &ImageFormat,
    ) -> Result<PlanOptions, Failure> {
        Ok(PlanOptions {
            caching,
            epoch: image::epoch()?,
            tar_compression: self.tar_compression,
            image_form: images.form()?,
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// How well the files of earlier builds are looked at.
fn inspection(verify: bool) -> Inspection {
    if verify {
        Inspection::Full
    } else {
        Inspection::Quick
    }
}

/// A platform in its canonical spelling, so that `linux/aarch64` is `linux/arm64`.
fn parse_platform(text: &str) -> Result<Platform, String> {
    text.parse()
        .map(|platform: Platform| platform.normalized())
        .map_err(|error: buildkit_llb::PlatformError| error.to_string())
}

/// Outputs that go elsewhere are not remembered.
fn parse_directory(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("give a directory".to_owned()),
        _ if text == "-" || output::is_exporter(text) => {
            Err("give a directory: only outputs in directories have records".to_owned())
        }
        directory => Ok(PathBuf::from(directory)),
    }
}

fn parse_assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not OPTION=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}
