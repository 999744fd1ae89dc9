//! The common part of `lock` and `update`: resolving references with a daemon, or else with the registries.

use buildkit_client::{Daemon, DockerConfig};
use catalog::Lock;
use engine::{
    EngineError, Patience, RegistryAccess, Sessions,
    daemon::Endpoint,
    resolve::{Asking, Pinning, Resolver},
};

use crate::{
    args::{Access, Global},
    connection,
    failure::{Exit, Failure},
    signals::Signals,
    stderr,
};

/// Resolves references with a daemon that runs, or else with the registries themselves, and writes the pins into
/// `lock`.
pub(crate) fn resolve(
    pinning: &Pinning,
    lock: &mut Lock,
    global: &Global,
    given: &Access,
) -> Result<(), Failure> {
    let secrets = given.secrets()?;
    let patience = given.patience.patience();
    let access = registries(
        &given.registry_insecure,
        &given.allow_credentials,
        if global.quiet {
            patience
        } else {
            patience.with_listener(|text| stderr::line(&text))
        },
    )?;
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
        let asking = Asking {
            resolver: &resolver,
            cancelled,
        };
        let pinned = pinning.pin(lock, &asking, &tell).await;
        for warning in access.warnings() {
            stderr::line(&format!("warning: {warning}"));
        }
        pinned.map_err(|error| failed(error.into(), &signals))
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

/// How registries are reached, with the credentials of the user.
pub(crate) fn registries(
    insecure: &[String],
    allowed: &[String],
    patience: Patience,
) -> Result<RegistryAccess, Failure> {
    let credentials = DockerConfig::load().map_err(|error| Failure::new(Exit::Catalog, error))?;
    Ok(RegistryAccess {
        credentials,
        insecure: insecure.to_vec(),
        allowed: allowed.to_vec(),
        sessions: Sessions::new(patience),
        ..RegistryAccess::default()
    })
}

/// The failure of resolving; an interrupted command if a signal is the reason.
pub(crate) fn failed(error: EngineError, signals: &Signals) -> Failure {
    match &error {
        EngineError::Unresolved(unresolved) if unresolved.is_cancelled() => {
            Failure::interrupted(signals)
        }
        EngineError::GivenUp(_) if signals.cancelled().is_cancelled() => {
            Failure::interrupted(signals)
        }
        _ => error.into(),
    }
}
