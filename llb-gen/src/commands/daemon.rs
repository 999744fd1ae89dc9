//! `llbgen daemon`: which daemon builds here, and for which platforms.

use std::io::Write as _;

use buildkit_client::{CallError, Daemon};
use serde::Serialize;

use crate::{
    args::{DaemonArgs, Global, ListingFormat},
    connection,
    failure::{Exit, Failure},
    signals::Signals,
    stdout, table,
    terminal::plain,
};

#[derive(Serialize)]
struct Report {
    address: String,
    version: String,
    /// What its first worker can run, its own platform first.
    platforms: Vec<String>,
}

pub(crate) fn run(args: &DaemonArgs, global: &Global) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        let signals = Signals::watch()?;
        let endpoint = connection::find(global).await?;
        let report = tokio::select! {
            report = ask(global, &endpoint) => report,
            () = signals.cancelled().cancelled() => Err(Failure::interrupted(&signals)),
        };
        let released = endpoint.release().await;
        let report = report?;
        released.map_err(|error| Failure::new(Exit::Unreachable, error))?;
        Ok::<_, Failure>(report)
    })?;
    match args.format {
        ListingFormat::Json => table::print_json(&report)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&report)))?,
    }
    Ok(())
}

async fn ask(global: &Global, endpoint: &engine::daemon::Endpoint) -> Result<Report, Failure> {
    let daemon = connection::connect(&global.connection, endpoint).await?;
    let report = report(&daemon).await;
    report.map_err(|error| Failure::new(Exit::Unreachable, error))
}

async fn report(daemon: &Daemon) -> Result<Report, CallError> {
    let workers = daemon.list_workers().await?;
    let first = workers.first().map(|worker| &worker.platforms);
    Ok(Report {
        address: daemon.address().to_string(),
        version: daemon.info().version.clone(),
        platforms: first
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
    })
}

fn text(report: &Report) -> String {
    let row = [
        report.address.clone(),
        report.version.clone(),
        report.platforms.join(", "),
    ];
    table::table(["ADDRESS", "VERSION", "PLATFORMS"], &[row])
}
