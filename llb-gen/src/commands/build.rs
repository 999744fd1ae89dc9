//! `llbgen build`: finds the daemon, builds, and prints what was written.

mod report;

use std::{collections::BTreeSet, io};

use buildkit_client::{ConnectOptions, Daemon, DockerConfig};
use catalog::{Caching, CheckedCatalog, Read};
use fleet::{
    BuildFailure, BuildOptions, Event, LoadedSecrets, MetadataFile, Output, SecretSource,
    SecretSpec, SecretSpecError,
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
    // One thread for the connection: the daemon is the bottleneck, tars and hashes have threads of their own, and every
    // further thread that allocates the pieces of a tar keeps some of them, so that memory would vary from run to run.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
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
    let interrupted =
        (job.signals.received().is_some()).then(|| Failure::interrupted(&job.signals));
    let reported = report::report(built, metadata, interrupted, &mut io::stdout().lock());
    match (reported, released) {
        (Err(failure), Err(later)) => Err(failure.followed_by(later)),
        (reported, released) => reported.and(released),
    }
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
