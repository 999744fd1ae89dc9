//! The daemon, from its address to its disk.

use std::{path::Path, time::Duration};

use buildkit_client::{Address, ConnectOptions, Daemon, TlsFlags};
use buildkitd::{Endpoint, Settings};

use super::{
    binfmt, capabilities, clock, connection,
    deadline::{DAEMON, silent_daemon, within},
    finding::{Check, Finding, Subject},
    needs::NeededPlatforms,
    platforms::{self, Platforms},
    storage, trial, version,
};

/// The deadline of finding a daemon: a silent one at a usual socket has 10 s, the start of a private one a minute.
const FIND_LIMIT: Duration = Duration::from_secs(90);

/// A daemon to check.
#[derive(Debug)]
pub struct DaemonToCheck {
    /// The address that the user gives, and its source; without one, a daemon is found or started as for a build.
    pub given: Option<(Address, AddressSource)>,
    /// The TLS flags.
    pub tls: TlsFlags,
    /// Where a daemon is looked for, and how a private one is started.
    pub settings: Settings,
}

/// The source of a daemon's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSource {
    /// The flag `--addr`.
    Flag,
    /// The variable `BUILDKIT_HOST`.
    Environment,
}

/// The findings about a daemon, for a catalog that needs these platforms.
pub(super) async fn check(asked: DaemonToCheck, needed: Option<&NeededPlatforms>) -> Vec<Finding> {
    let source = asked.given.as_ref().map(|(_, source)| *source);
    let given = asked.given.map(|(address, _)| address);
    let found = buildkitd::find(given, &asked.settings);
    let silent = |seconds| {
        let text = format!("no daemon was found or started within {seconds} s");
        Finding::problem(Subject::Daemon, Check::Address, text)
            .then("name a daemon with `--addr`, or end the other calls that start one")
    };
    let endpoint = match within(FIND_LIMIT, found, silent).await {
        Ok(Ok(endpoint)) => endpoint,
        Ok(Err(error)) => {
            let finding = Finding::failed(Subject::Daemon, Check::Address, &error);
            return vec![finding.then(error.hint()), unasked()];
        }
        Err(silent) => return vec![silent, unasked()],
    };
    let mut findings = vec![address(&endpoint, source)];
    findings.extend(check_at(&endpoint, &asked.tls, needed).await);
    if let Err(error) = endpoint.release().await {
        let finding = Finding::failed(Subject::Daemon, Check::Address, &error);
        findings.push(finding.then("the next call clears away what is left"));
    }
    findings
}

fn unasked() -> Finding {
    let reason = "nothing else is asked of a daemon that cannot be reached";
    Finding::skipped(Subject::Daemon, Check::Workers, reason)
}

fn address(endpoint: &Endpoint, source: Option<AddressSource>) -> Finding {
    let address = endpoint.address();
    let text = match (endpoint, source) {
        (Endpoint::Given(_), Some(AddressSource::Environment)) => {
            format!("`{address}`, from `BUILDKIT_HOST`")
        }
        (Endpoint::Given(_), _) => format!("`{address}`, from `--addr`"),
        (Endpoint::Local(_), _) => format!("`{address}`, where a daemon usually is"),
        (Endpoint::Private(_), _) => format!("`{address}`, a private daemon of llbgen's own"),
    };
    Finding::ok(Subject::Daemon, Check::Address, text)
}

async fn check_at(
    endpoint: &Endpoint,
    tls: &TlsFlags,
    needed: Option<&NeededPlatforms>,
) -> Vec<Finding> {
    // The flags are for the daemon that the user names; the others are on local sockets.
    let tls = match endpoint {
        Endpoint::Given(_) => tls.resolve(),
        Endpoint::Local(_) | Endpoint::Private(_) => Ok(None),
    };
    let tls = match tls {
        Ok(tls) => tls,
        Err(error) => return vec![connection::failed(&error.into()), unasked()],
    };
    let options = ConnectOptions::new(endpoint.address().clone()).with_tls(tls.clone());
    match Daemon::connect(options).await {
        Err(error) => vec![connection::failed(&error), unasked()],
        Ok(daemon) => {
            let first = [
                connection::made(&daemon, tls.as_ref()),
                version::check(&daemon.info().version),
            ];
            let others = check_connected(&daemon, is_on_this_machine(endpoint), needed).await;
            first.into_iter().chain(others).collect()
        }
    }
}

/// Whether the daemon uses this machine's kernel: it listens at a socket of this machine.
fn is_on_this_machine(endpoint: &Endpoint) -> bool {
    matches!(endpoint.address(), Address::Unix(_))
}

async fn check_connected(
    daemon: &Daemon,
    is_here: bool,
    needed: Option<&NeededPlatforms>,
) -> Vec<Finding> {
    let workers = within(DAEMON, daemon.list_workers(), silent_daemon(Check::Workers)).await;
    let workers = match workers {
        Ok(Ok(workers)) => workers,
        Ok(Err(error)) => return vec![Finding::failed(Subject::Daemon, Check::Workers, &error)],
        Err(silent) => return vec![silent],
    };
    let found = Platforms::of(&workers);
    let mut findings = platforms::check_workers(&workers, &found);
    if let Some(needed) = needed {
        findings.extend(platforms::check_needed(needed, &found));
    }
    if is_here {
        let emulated = found
            .emulated()
            .filter(|platform| needed.is_none_or(|needed| needed.contains_key(*platform)));
        findings.extend(binfmt::check(Path::new(binfmt::TABLE), emulated));
    }
    let Some(native) = &found.native else {
        return findings;
    };
    let (trial, storage) =
        tokio::join!(trial::run(daemon, native), storage::check(daemon, &workers));
    findings.extend(tried(trial));
    findings.extend(storage);
    findings
}

fn tried(trial: Result<trial::Trial, Finding>) -> Vec<Finding> {
    let trial = match trial {
        Ok(trial) => trial,
        Err(finding) => return vec![finding],
    };
    let text = "a file was made in the daemon";
    let mut findings = vec![Finding::ok(Subject::Daemon, Check::Trial, text)];
    findings.extend(capabilities::check(&trial.capabilities));
    let told = trial.clock.map_or_else(untold_clock, |offset| {
        clock::check(Subject::Daemon, "the daemon's", offset)
    });
    findings.push(told);
    findings
}

fn untold_clock() -> Finding {
    let reason = "the daemon did not say when it made the file";
    Finding::skipped(Subject::Daemon, Check::Clock, reason)
}
