//! A trial: the daemon makes one small file, and says meanwhile what it can do and what time it is.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use buildkit_client::{
    BuildResult, CancellationToken, Daemon, Gateway, GatewayError, GraphRequest, Progress, Solve,
    SolveError,
};
use buildkit_llb::{Cap, CapSet, Constraints, FileActions, MarshalError, Mkfile, State};
use catalog::Platform;
use registry::ClockOffset;

use super::{
    deadline::{silent_daemon, within},
    finding::{Check, Finding, Subject},
};

/// The deadline of the trial. A daemon takes up a solve within milliseconds; one whose processors are all busy may need
/// seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// The answers of a daemon during a trial.
#[derive(Debug, Clone, Default)]
pub(super) struct Trial {
    pub(super) capabilities: CapSet,
    /// `None` if the daemon did not tell when it made the file.
    pub(super) clock: Option<ClockOffset>,
}

/// The reasons why a trial fails.
#[derive(Debug, thiserror::Error)]
enum TrialError {
    #[error("the trial's graph cannot be made")]
    Graph(#[from] MarshalError),
    #[error("the daemon does not build a file")]
    Solve(#[from] SolveError),
}

/// The trial on a daemon whose own platform is `native`.
pub(super) async fn run(daemon: &Daemon, native: &Platform) -> Result<Trial, Finding> {
    match within(LIMIT, solved(daemon, native), silent_daemon(Check::Trial)).await {
        Ok(Ok(trial)) => Ok(trial),
        Ok(Err(error)) => Err(Finding::failed(Subject::Daemon, Check::Trial, &error)
            .then("see the daemon's log; if it is behind a proxy, that must let streams through")),
        Err(silent) => Err(silent),
    }
}

async fn solved(daemon: &Daemon, native: &Platform) -> Result<Trial, TrialError> {
    let file = FileActions::new().mkfile(Mkfile::new("/llbgen-doctor", "a trial\n"));
    let graph = State::scratch().file(file);
    let graph = graph.marshal(&Constraints::new(native.clone()))?.to_bytes();
    let capabilities = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&capabilities);
    let solve = Solve::led_by(move |gateway| lead(gateway, graph, told));
    let mut started = None;
    let on_progress = |progress: Progress| {
        let times = progress.vertexes.iter().filter_map(|vertex| vertex.started);
        started = started.or(times.min());
    };
    let before = SystemTime::now();
    let never = CancellationToken::new();
    Box::pin(daemon.solve(solve, on_progress, &never)).await?;
    let after = SystemTime::now();
    let names = capabilities.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Trial {
        capabilities: names.iter().cloned().map(Cap::named).collect(),
        clock: started.map(|told| ClockOffset::between(told, before, after)),
    })
}

async fn lead(
    gateway: Gateway,
    graph: Vec<u8>,
    told: Arc<Mutex<Vec<String>>>,
) -> Result<(), GatewayError> {
    let capabilities = gateway.graph_capabilities().await?;
    *told.lock().unwrap_or_else(PoisonError::into_inner) = capabilities;
    let request = GraphRequest {
        definition: graph.into(),
        evaluate: true,
        ..GraphRequest::default()
    };
    gateway.solve(request).await?;
    gateway.give_back(BuildResult::Nothing).await
}
