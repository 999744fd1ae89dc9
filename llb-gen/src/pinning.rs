//! What `lock`, `update` and `build` have in common: asking what references stand for, and writing it down.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use buildkit_client::{CancellationToken, Daemon, DockerConfig};
use catalog::{CacheNamespace, CheckedCatalog, Epoch, Lock, Pinned, Reference};
use engine::{
    Given, RegistryAccess, RemoteProblem, SourceTrouble,
    daemon::Endpoint,
    resolve::{Asking, Pinning, ResolveError, ResolveProblem, Resolver},
};

use crate::{
    args::{Access, Global},
    connection,
    failure::{Exit, Failure},
    signals::Signals,
    source_hint, stderr,
};

/// The lock of a catalog, and all that the catalog refers to.
pub(crate) struct Survey {
    /// The lock as it is on disk.
    pub(crate) lock: Lock,
    pub(crate) references: BTreeSet<Reference>,
}

impl Survey {
    /// Reads the lock, and surveys the catalog as if nothing were pinned, to know what it refers to.
    pub(crate) fn of(
        catalog: &CheckedCatalog,
        given: Given<'_>,
        set: &[(String, String)],
        global: &Global,
    ) -> Result<Self, Failure> {
        let survey = catalog.survey(set)?;
        let variants = survey.variants();
        let read = engine::read_inputs(&global.context, &survey.needs(), given, &variants)?;
        let mut inputs = read.inputs;
        catalog.check_contexts(&variants, &inputs)?;
        let lock = std::mem::take(&mut inputs.lock);
        let references = survey.references(&inputs)?;
        Ok(Self { lock, references })
    }

    /// Takes out of a lock what nothing refers to.
    pub(crate) fn prune(&self, lock: &mut Lock) {
        let used: BTreeSet<Pinned> = self
            .references
            .iter()
            .map(|reference| reference.source.clone())
            .collect();
        lock.retain(&used);
    }

    /// The lock without what nothing refers to.
    pub(crate) fn pruned(&self) -> Lock {
        let mut lock = self.lock.clone();
        self.prune(&mut lock);
        lock
    }

    /// What `lock` does not pin, or not to the digest that is written.
    pub(crate) fn missing<'a>(&'a self, lock: &Lock) -> Vec<&'a Reference> {
        let is_missing = |reference: &&Reference| {
            let is_other = match &reference.source {
                Pinned::Image { reference, .. } => reference.digest().is_some_and(|written| {
                    lock.image(reference)
                        .is_some_and(|pin| pin.digest() != written)
                }),
                Pinned::Http(_) | Pinned::Git(_) => false,
            };
            is_other || !lock.pins(&reference.source)
        };
        self.references.iter().filter(is_missing).collect()
    }
}

/// Asks what is to be pinned, of a daemon that runs or else of the registries themselves, and writes it into `lock`.
pub(crate) fn resolve(
    pinning: &Pinning,
    lock: &mut Lock,
    global: &Global,
    given: &Access,
) -> Result<(), Failure> {
    let secrets = given.secrets()?;
    let access = registries(&given.registry_insecure, &given.allow_credentials)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let signals = Signals::watch()?;
        let endpoint = connection::find_running(global).await?;
        let connected = match &endpoint {
            Some(endpoint) => Some(connect(global, endpoint, &signals).await?),
            None => None,
        };
        let resolver = match &connected {
            Some(daemon) => Resolver::Daemon {
                daemon,
                access: &access,
                secrets: &secrets,
            },
            None => Resolver::Direct {
                access: &access,
                secrets: &secrets,
            },
        };
        let cancelled = signals.cancelled();
        let tell = |name: &str| {
            if !global.quiet {
                stderr::line(&format!("resolving {name}"));
            }
        };
        let pinned = pin(pinning, lock, &resolver, cancelled, &tell).await;
        for warning in access.warnings() {
            stderr::line(&format!("warning: {warning}"));
        }
        pinned.map_err(|error| failed(error, &signals))
    });
    runtime.shutdown_background();
    result
}

async fn connect(
    global: &Global,
    endpoint: &Endpoint,
    signals: &Signals,
) -> Result<Daemon, Failure> {
    tokio::select! {
        daemon = connection::connect(&global.connection, endpoint) => daemon,
        () = signals.cancelled().cancelled() => Err(Failure::interrupted(signals)),
    }
}

/// Asks, and writes the answers into `lock`, whose epoch is the moment of its making.
pub(crate) async fn pin(
    pinning: &Pinning,
    lock: &mut Lock,
    resolver: &Resolver<'_>,
    cancelled: &CancellationToken,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<(), ResolveError> {
    let asking = Asking {
        resolver,
        cancelled,
    };
    pinning.pin(lock, &asking, tell).await?;
    begin(lock);
    Ok(())
}

/// Gives a lock what every lock has besides pins: an epoch for package indexes, and a namespace for caches.
pub(crate) fn begin(lock: &mut Lock) {
    if lock.epoch().is_none() {
        lock.set_epoch(now());
    }
    lock.begin_cache_namespace(random_namespace());
}

/// Writes what was found out since `base`, even when something else could not be: the next call asks for the rest alone.
/// `lock` is then what is on the disk.
pub(crate) fn written(
    pinned: Result<(), Failure>,
    context: &Path,
    base: &Lock,
    lock: &mut Lock,
) -> Result<(), Failure> {
    if pinned.is_err() && lock == base {
        return pinned;
    }
    let unwritten = match engine::lock_file::write(context, base, lock) {
        Ok(written) => {
            *lock = written.lock;
            return pinned;
        }
        Err(unwritten) => unwritten,
    };
    base.clone_into(lock);
    match pinned {
        Err(failure) => Err(failure.followed_by(unwritten.into())),
        Ok(()) => Err(unwritten.into()),
    }
}

/// How registries are reached, with the credentials of the user.
pub(crate) fn registries(
    insecure: &[String],
    allowed: &[String],
) -> Result<RegistryAccess, Failure> {
    let credentials = DockerConfig::load().map_err(|error| Failure::new(Exit::Catalog, error))?;
    Ok(RegistryAccess {
        credentials,
        insecure: insecure.to_vec(),
        allowed: allowed.to_vec(),
        ..RegistryAccess::default()
    })
}

/// A namespace that nobody else has.
fn random_namespace() -> CacheNamespace {
    let name = &buildkit_client::random_id()[..CacheNamespace::DIGITS];
    name.parse().expect("hex digits are a namespace")
}

/// This moment.
pub(crate) fn now() -> Epoch {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let epoch = i64::try_from(seconds).ok().and_then(Epoch::from_seconds);
    epoch
        .or_else(|| Epoch::from_seconds(0))
        .expect("1970 is a year that an epoch can be in")
}

/// A reference of which it cannot be known what it stands for.
pub(crate) fn failed(error: ResolveError, signals: &Signals) -> Failure {
    if error.is_cancelled() {
        return Failure::interrupted(signals);
    }
    let trouble = error.trouble();
    let (exit, hint) = match (trouble, &error.problem) {
        (Some(SourceTrouble::Unreachable), _) => (
            Exit::Unreachable,
            format!(
                "can whoever asks, the daemon or else this machine, reach the host of `{}`?",
                error.name
            ),
        ),
        (Some(SourceTrouble::Transient), _) => (Exit::Transient, source_hint::AGAIN.to_owned()),
        (
            _,
            ResolveProblem::Remote(RemoteProblem::Platform { .. })
            | ResolveProblem::NoPlatform { .. },
        ) => (
            Exit::Catalog,
            "declare the artifact for fewer platforms, or choose another base".to_owned(),
        ),
        _ => (
            source_hint::exit(trouble),
            source_hint::refused(error.kind, &error.name, trouble),
        ),
    };
    Failure::new(exit, error).with_hint(hint)
}
