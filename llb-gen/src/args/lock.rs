//! What `lock` and `update` take, and what other commands take about the lock.

use clap::Args;
use engine::{BuildContext, Disk, HelperImage, LoadedSecrets, SecretSpec, SecretSpecError};

use super::{
    Global, HELPER_IMAGE_VALUE, ListingFormat, MirrorArgs, PatienceArgs, parse_assignment,
};
use crate::{
    failure::{Exit, Failure},
    stderr,
};

/// Whether the lock may be changed, and the network asked.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Locking {
    /// Fail when llbgen.lock lacks something, instead of pinning it
    #[arg(long)]
    pub(crate) locked: bool,
    /// Ask no registry and no server what a reference stands for; implies --locked
    #[arg(long)]
    pub(crate) offline: bool,
}

impl Locking {
    /// Whether the lock stays as it is.
    pub(crate) fn is_frozen(self) -> bool {
        self.locked || self.offline
    }
}

#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// Change nothing and ask nobody; exit with 3 when llbgen.lock is not what `llbgen lock` would write
    #[arg(long, conflicts_with = "source_policy")]
    pub(crate) check: bool,
    /// Print the pins as a BuildKit source policy, for `buildctl build --source-policy-file`
    #[arg(long)]
    pub(crate) source_policy: bool,
    /// Ask no registry and no server what a reference stands for
    #[arg(long)]
    pub(crate) offline: bool,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) mirrors: MirrorArgs,
    #[command(flatten)]
    pub(crate) pinned: PinnedToo,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Images, URLs or git refs as llbgen.lock names them; all of them when none is named
    #[arg(value_name = "IMAGE")]
    pub(crate) references: Vec<String>,
    /// Take package indexes as of now; alone, it leaves images as they are
    #[arg(long)]
    pub(crate) packages: bool,
    /// Say what would move, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print what moved
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListingFormat,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) mirrors: MirrorArgs,
    #[command(flatten)]
    pub(crate) pinned: PinnedToo,
}

/// What builds refer to besides what the catalog says.
#[derive(Debug, Args)]
pub(crate) struct PinnedToo {
    /// Pin what this value of an option refers to, too; every value that the catalog lists is pinned anyway
    #[arg(long, value_name = "OPTION=VALUE", alias = "build-arg", value_parser = parse_assignment)]
    pub(crate) set: Vec<(String, String)>,
    /// Pin the image of a base that builds replace, as NAME=docker-image://REF
    #[arg(long, value_name = "NAME=SOURCE")]
    pub(crate) build_context: Vec<BuildContext>,
    /// Pin the image that builds have the packer from
    #[arg(long, value_name = HELPER_IMAGE_VALUE)]
    pub(crate) helper_image: Option<HelperImage>,
}

impl PinnedToo {
    /// The context directory, with what is given besides.
    pub(crate) fn disk(&self, global: &Global) -> Disk {
        Disk {
            build_contexts: self.build_context.clone(),
            helper_image: self.helper_image.clone(),
            ..Disk::new(&global.context)
        }
    }
}

/// How servers are reached that are asked what a reference stands for.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// A registry that speaks plain HTTP, as HOST:PORT; those on this machine are tried so anyway
    #[arg(long, value_name = "HOST")]
    pub(crate) registry_insecure: Vec<String>,
    /// Give the daemon the credentials of a registry that the catalog does not name, such as a mirror; repeatable
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_credentials: Vec<String>,
    /// Log in at git servers: id=GIT_AUTH_TOKEN,src=FILE or env=VARIABLE; GIT_AUTH_TOKEN.HOST for one of them
    #[arg(long, value_name = "SPEC")]
    // Read by the command: clap would repeat the text, which may hold the secret itself.
    pub(crate) secret: Vec<String>,
    #[command(flatten)]
    pub(crate) patience: PatienceArgs,
}

impl Access {
    /// What logs in at git servers. A secret that is for steps is told: nothing here runs a step.
    pub(crate) fn secrets(&self) -> Result<LoadedSecrets, Failure> {
        let specs = secret_specs(&self.secret)?;
        let secrets =
            LoadedSecrets::load(&specs).map_err(|error| Failure::new(Exit::Usage, error))?;
        for id in secrets.not_for_git() {
            stderr::line(&format!(
                "warning: the secret `{id}` is not used: only `GIT_AUTH_TOKEN` and `GIT_AUTH_HEADER` are, and those with \
                 `.HOST` behind them"
            ));
        }
        Ok(secrets)
    }
}

/// `--secret` as it is given.
pub(crate) fn secret_specs(given: &[String]) -> Result<Vec<SecretSpec>, Failure> {
    let specs = given.iter().map(|text| text.parse());
    specs
        .collect::<Result<Vec<SecretSpec>, SecretSpecError>>()
        .map_err(|error| Failure::new(Exit::Usage, error))
}
