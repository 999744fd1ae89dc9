//! Both sides of each comparison on one daemon.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use buildkit_client::Daemon;
use catalog::{CheckedCatalog, Platform, ProxyEnv};
use engine::{
    Archive, BuildContext, BuildOptions, Caches, ContextSource, Destination, Disk,
    DockerfileContext, FoundAgents, ImageOptions, LoadedSecrets, Patience, Pins, RegistryAccess,
    Sent, daemon::Endpoint,
};
use import::Original;

use super::{bench::Bench, report::Verdict, sides::Sides};
use crate::{
    args::{Global, ProgressMode, VerificationArgs, secret_specs},
    connection,
    failure::{Exit, Failure},
    outputs::kept::{self, Kept},
    progress::Progress,
    resolving,
    signals::Signals,
};

/// What is compared, and how it is built.
pub(super) struct Verification<'a> {
    pub(super) catalog: &'a CheckedCatalog,
    pub(super) originals: &'a [Original],
    /// The directory of the catalog.
    pub(super) root: &'a Path,
    pub(super) args: &'a VerificationArgs,
    pub(super) global: &'a Global,
}

impl Verification<'_> {
    /// Builds and compares all, one target after the other.
    pub(super) async fn run(&self, all: &[Sides<'_>]) -> Result<Vec<Verdict>, Failure> {
        let contexts = self.contexts()?;
        // Secrets that are not there are told before a daemon is started.
        self.options(
            &RegistryAccess::default(),
            Destination::Only(PathBuf::new()),
        )?;
        let signals = Signals::watch()?;
        let endpoint = tokio::select! {
            endpoint = connection::find(self.global) => endpoint?,
            () = signals.cancelled().cancelled() => return Err(Failure::interrupted(&signals)),
        };
        let verdicts = self.on(&endpoint, &signals, contexts, all).await;
        let released = endpoint.release().await;
        let verdicts = verdicts?;
        released.map_err(|error| Failure::new(Exit::Failed, error))?;
        Ok(verdicts)
    }

    async fn on(
        &self,
        endpoint: &Endpoint,
        signals: &Signals,
        contexts: BTreeMap<String, DockerfileContext>,
        all: &[Sides<'_>],
    ) -> Result<Vec<Verdict>, Failure> {
        let daemon = tokio::select! {
            daemon = connection::connect(&self.global.connection, endpoint) => daemon?,
            () = signals.cancelled().cancelled() => return Err(Failure::interrupted(signals)),
        };
        let own = own_platform(&daemon).await?;
        let cancelled = signals.cancelled();
        let progress = {
            let cancelled = cancelled.clone();
            Progress::start(self.mode(), move || cancelled.is_cancelled())
        };
        let patience = progress.listening(Patience::default());
        kept::sweep();
        let (args, global) = (self.args, self.global);
        let bench = Bench {
            verification: self,
            daemon: &daemon,
            signals,
            events: &|event| progress.send(event),
            registries: resolving::registries(
                &args.registry_insecure,
                &args.allow_credentials,
                patience,
            )?,
            contexts,
            disk: Disk {
                build_contexts: args.build_context.clone(),
                proxy: proxy(),
                pins: Pins::InCall,
                ..Disk::new(&global.context)
            },
            kept: Kept::new()?,
            theirs: RefCell::default(),
            layers: RefCell::default(),
            used: RefCell::default(),
        };
        let verdicts = bench.verdicts(all, own.as_ref()).await;
        bench.tell_unused();
        drop(bench);
        // Results are printed when nothing moves on the terminal any more.
        progress.end();
        verdicts
    }

    fn mode(&self) -> ProgressMode {
        if self.global.quiet {
            ProgressMode::Quiet
        } else {
            self.global.progress
        }
    }

    /// What the user gives for names in Dockerfiles.
    fn contexts(&self) -> Result<BTreeMap<String, DockerfileContext>, Failure> {
        let context = |BuildContext { name, source }: &BuildContext| {
            let context = match source {
                ContextSource::Image(image) => DockerfileContext::Image(image.to_string()),
                ContextSource::Layout(layout) => DockerfileContext::Layout(layout.clone()),
                ContextSource::Path(path) => {
                    let path = PathBuf::from(path.to_string());
                    if !path.is_dir() {
                        let error = format!(
                            "`{}` is no directory: a tar cannot stand for `{name}` in a Dockerfile",
                            path.display()
                        );
                        let hint = "give an image, as docker-image://REF or oci-layout://DIR";
                        return Err(Failure::new(Exit::Usage, error).with_hint(hint));
                    }
                    DockerfileContext::Directory(path)
                }
            };
            Ok((name.clone(), context))
        };
        self.args.build_context.iter().map(context).collect()
    }

    /// How a side is built that goes to `output`.
    pub(super) fn options(
        &self,
        registries: &RegistryAccess,
        output: Destination,
    ) -> Result<BuildOptions, Failure> {
        let secrets = LoadedSecrets::load(&secret_specs(&self.args.secret)?)
            .map_err(|error| Failure::new(Exit::Usage, error))?;
        let ssh = FoundAgents::find(&self.args.ssh).map_err(|error| {
            let hint = error.hint();
            Failure::new(Exit::Usage, error).with_hint(hint)
        })?;
        Ok(BuildOptions {
            output,
            jobs: None,
            keep_going: false,
            secrets,
            ssh,
            registries: registries.clone(),
            image: ImageOptions {
                archive: Archive::Oci,
                ..ImageOptions::default()
            },
            caches: Caches::default(),
            sent: Sent::default(),
        })
    }
}

fn proxy() -> Option<ProxyEnv> {
    catalog::proxies(|name| std::env::var(name).ok())
}

/// The platform that the daemon runs without emulation.
async fn own_platform(daemon: &Daemon) -> Result<Option<Platform>, Failure> {
    let workers = daemon.list_workers().await;
    let workers = workers.map_err(|error| Failure::new(Exit::Unreachable, error))?;
    let first = workers.first().and_then(|worker| worker.platforms.first());
    let platform = first.and_then(|platform| platform.to_string().parse::<Platform>().ok());
    Ok(platform.map(|platform| platform.normalized()))
}
