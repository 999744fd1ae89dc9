//! `llbgen build`: finds the daemon, builds, and prints what was written.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt,
    io::{self, Write},
};

use buildkit_client::{ConnectOptions, Daemon, DockerConfig, SolveError};
use catalog::{Caching, CheckedCatalog, Read};
use fleet::{
    BuildFailure, BuildOptions, Event, FailureReason, LoadedSecrets, MetadataFile, Output,
    SecretSource, SecretSpec, SecretSpecError, VariantFailure,
    daemon::{self, Endpoint, Privilege, Settings},
};

use crate::{
    args::{BuildArgs, Connection, Global, ProgressMode},
    failure::{Exit, Failure, list},
    planning::{self, Planned},
    progress::Progress,
    signals::Signals,
};

pub(crate) fn run(
    args: &BuildArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let caching = if args.no_cache {
        Caching::Ignore
    } else {
        Caching::Use
    };
    let planned = planning::plan(
        catalog,
        &args.variation,
        &args.artifacts,
        &global.context,
        caching,
    )?;
    planning::refuse_other_kinds(catalog, &planned.plans)?;
    let secrets = LoadedSecrets::load(&secret_specs(args)?)
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    refuse_missing_secrets(&planned, &secrets)?;
    // Told now, not by a build that cannot say what it wrote; the file of an earlier build goes.
    let metadata = args.metadata_file.as_deref().map(MetadataFile::begin);
    let metadata = metadata.transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(build(args, global, planned, secrets, metadata));
    // Nothing is left to wait for: a thread that hangs in a system call must not hold up the end.
    runtime.shutdown_background();
    result
}

/// A step that lacks a secret would fail in the middle of the build.
fn refuse_missing_secrets(planned: &Planned, secrets: &LoadedSecrets) -> Result<(), Failure> {
    let reads = planned.plans.iter().flat_map(|plan| &plan.reads);
    let missing: BTreeSet<String> = reads
        .filter_map(|read| match read {
            Read::Secret {
                id,
                optional: false,
            } if !secrets.has(id) => Some(id.to_string()),
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = missing.into_iter().collect();
    let hint = format!(
        "add `--secret id={},src=FILE` or `--secret id={0},env=VARIABLE`",
        missing[0]
    );
    Err(Failure::new(
        Exit::Usage,
        format!("the build needs the secret(s) {}", list(&missing)),
    )
    .with_hint(hint))
}

fn secret_specs(args: &BuildArgs) -> Result<Vec<SecretSpec>, Failure> {
    let given = args.secret.iter().map(|text| text.parse());
    let mut specs = given
        .collect::<Result<Vec<SecretSpec>, SecretSpecError>>()
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    specs.extend(args.build_ca.iter().map(|path| SecretSpec {
        id: catalog::CA_SECRET.parse().expect("a valid secret id"),
        source: SecretSource::File(path.clone()),
    }));
    Ok(specs)
}

/// What was built, and whether the daemon could be let go.
type Outcome = (Result<Vec<Output>, BuildFailure>, Result<(), Failure>);

/// One call of `build`, from the search for the daemon to its end.
struct Job<'a> {
    args: &'a BuildArgs,
    global: &'a Global,
    signals: Signals,
    progress: Progress,
}

async fn build(
    args: &BuildArgs,
    global: &Global,
    planned: Planned,
    secrets: LoadedSecrets,
    metadata: Option<MetadataFile>,
) -> Result<(), Failure> {
    let signals = Signals::watch()?;
    let mode = if global.quiet {
        ProgressMode::Quiet
    } else {
        global.progress
    };
    let job = Job {
        args,
        global,
        signals,
        progress: Progress::start(mode),
    };
    let outcome = job.run(planned, secrets).await;
    // Results are printed when nothing moves on the terminal any more.
    job.progress.end();
    let (built, released) = outcome?;
    report(built, metadata, &job.signals, &mut io::stdout().lock()).and(released)
}

impl Job<'_> {
    async fn run(&self, planned: Planned, secrets: LoadedSecrets) -> Result<Outcome, Failure> {
        let endpoint = tokio::select! {
            endpoint = find(self.global) => endpoint?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        let built = self.on(&endpoint, planned, secrets).await;
        let released = endpoint.release().await;
        Ok((
            built?,
            released.map_err(|error| Failure::new(Exit::Failed, error)),
        ))
    }

    async fn on(
        &self,
        endpoint: &Endpoint,
        planned: Planned,
        secrets: LoadedSecrets,
    ) -> Result<Result<Vec<Output>, BuildFailure>, Failure> {
        let daemon = tokio::select! {
            daemon = connect(&self.global.connection, endpoint) => daemon?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        if self.global.verbose {
            let info = daemon.info();
            let notice = format!(
                "building with {} {} at {}",
                info.package,
                info.version,
                daemon.address()
            );
            self.progress.send(Event::Notice(notice));
        }
        let options = BuildOptions {
            output: self.args.output.clone(),
            jobs: self.args.jobs.map(usize::from),
            keep_going: self.args.keep_going,
            secrets,
            credentials: DockerConfig::load()
                .map_err(|error| Failure::new(Exit::Catalog, error))?,
            roots: planned.roots,
        };
        let events = |event| self.progress.send(event);
        Ok(fleet::build(
            &daemon,
            planned.plans,
            &options,
            self.signals.cancelled(),
            &events,
        )
        .await)
    }
}

async fn find(global: &Global) -> Result<Endpoint, Failure> {
    let given = global.connection.address()?;
    let settings = Settings::from_env(Privilege::current(), |name| std::env::var_os(name));
    daemon::find(given, &settings).await.map_err(|error| {
        let hint = error.hint();
        Failure::new(Exit::Unreachable, error).with_hint(hint)
    })
}

async fn connect(connection: &Connection, endpoint: &Endpoint) -> Result<Daemon, Failure> {
    // The TLS flags are for the daemon that the user names; ours are on local sockets.
    let tls = match endpoint {
        Endpoint::Given(_) => connection
            .tls()
            .resolve()
            .map_err(|error| Failure::new(Exit::Usage, error))?,
        Endpoint::Local(_) | Endpoint::Private(_) => None,
    };
    let options = ConnectOptions::new(endpoint.address().clone()).with_tls(tls);
    Daemon::connect(options).await.map_err(Failure::from)
}

/// Prints what was written, and what failed. What cannot be printed or recorded is told behind what failed before it.
fn report(
    built: Result<Vec<Output>, BuildFailure>,
    metadata: Option<MetadataFile>,
    signals: &Signals,
    stdout: &mut impl Write,
) -> Result<(), Failure> {
    let (outputs, failure) = match built {
        Ok(outputs) => (outputs, None),
        Err(BuildFailure { outputs, failures })
            if failures.is_empty() || signals.received().is_some() =>
        {
            (outputs, Some(Failure::interrupted(signals)))
        }
        Err(BuildFailure { outputs, failures }) => {
            let failure = failed(failures, &outputs);
            (outputs, Some(failure))
        }
    };
    let printed = print(&outputs, stdout).map_err(|source| Failure::new(Exit::Failed, source));
    let recorded = metadata.map_or(Ok(()), |metadata| metadata.finish(&outputs));
    let recorded = recorded.map_err(Failure::from);
    let unwritten = [printed, recorded].into_iter().filter_map(Result::err);
    match failure
        .into_iter()
        .chain(unwritten)
        .reduce(Failure::followed_by)
    {
        None => Ok(()),
        Some(failure) => Err(failure),
    }
}

fn print(outputs: &[Output], stdout: &mut impl Write) -> Result<(), Unprinted> {
    let lines = outputs
        .iter()
        .try_for_each(|output| writeln!(stdout, "{}", output.path.display()));
    lines.and_then(|()| stdout.flush()).map_err(Unprinted)
}

/// The results cannot be printed; the files are there all the same.
#[derive(Debug)]
struct Unprinted(io::Error);

impl fmt::Display for Unprinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write the results to stdout")
    }
}

impl Error for Unprinted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn failed(failures: Vec<VariantFailure>, outputs: &[Output]) -> Failure {
    let exits: Vec<Exit> = failures.iter().map(exit_of).collect();
    let exit = if exits.iter().all(|exit| *exit == exits[0]) {
        exits[0]
    } else {
        Exit::Failed
    };
    let hint = hint_for(&failures[0], exit);
    let errors = failures
        .into_iter()
        .map(|failure| Box::new(failure) as _)
        .collect();
    let written = (!outputs.is_empty())
        .then(|| format!("the other {} output(s) are complete", outputs.len()));
    let hint = [hint, written]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    Failure {
        exit,
        errors,
        hint: (!hint.is_empty()).then_some(hint),
    }
}

fn exit_of(failure: &VariantFailure) -> Exit {
    match &failure.reason {
        FailureReason::Solve(SolveError::Lost { .. } | SolveError::SessionClosed { .. }) => {
            Exit::Unreachable
        }
        FailureReason::Solve(error) if error.is_transient() => Exit::Transient,
        FailureReason::Path(_) => Exit::Catalog,
        FailureReason::Solve(_) | FailureReason::Output(_) | FailureReason::NoTar => Exit::Failed,
    }
}

fn hint_for(failure: &VariantFailure, exit: Exit) -> Option<String> {
    match (&failure.reason, exit) {
        (_, Exit::Transient) => Some("this may well go away: try again".to_owned()),
        (_, Exit::Unreachable) => {
            Some("is the daemon still running? Its log says why it ended".to_owned())
        }
        _ => None,
    }
}
