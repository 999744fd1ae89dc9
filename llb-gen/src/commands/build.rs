//! `llbgen build`: finds the daemon, builds, and prints what was written.

mod destination;
mod kept;
mod load;
mod report;
mod todo;

use std::{collections::BTreeSet, io};

use buildkit_client::Daemon;
use catalog::{Caching, CheckedCatalog, LOCK_FILE, Plan, PlanOptions, Variant};
use fleet::{
    BuildFailure, BuildOptions, Event, FoundAgents, ImageOptions, LoadedSecrets, MetadataFile,
    Output, SecretSource, SecretSpec,
    daemon::Endpoint,
    resolve::{Pinning, Resolver},
};

use crate::{
    args::{self, BuildArgs, Global, ProgressMode},
    connection,
    failure::{Exit, Failure},
    pinning,
    planning::{self, Selected},
    progress::Progress,
    signals::Signals,
    stderr, stdout,
};

use self::{
    destination::Place,
    todo::{Todo, Waiting, sorted, together},
};

pub(crate) fn run(
    args: &BuildArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let caching = if args.reuse.no_cache {
        Caching::Ignore
    } else {
        Caching::Use
    };
    let place = Place::of(args, &global.context)?;
    let variation = args.for_platforms();
    let mut selected = if args.image.push {
        Selected::with_whole_images(catalog, &variation, &args.artifacts, global)?
    } else {
        Selected::of(catalog, &variation, &args.artifacts, global)?
    };
    selected.inputs.proxy = catalog::proxies(|name| std::env::var(name).ok());
    let planned = args.tar.planned(caching, &args.image.format)?;
    let plans = selected.plan(catalog, planned.clone())?;
    if args.locking.is_frozen() {
        planning::require_pinned(&plans)?;
    }
    let asked = |plan: &&Plan| selected.asked.contains(&plan.variant);
    planning::require_contexts(plans.iter().filter(asked))?;
    args.image.options()?;
    args.image.require_images(&plans)?;
    let secrets = LoadedSecrets::load(&secret_specs(args)?)
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let ssh = FoundAgents::find(&args.ssh).map_err(|error| {
        let hint = error.hint();
        Failure::new(Exit::Usage, error).with_hint(hint)
    })?;
    let is_pinned = planning::unpinned(&plans).is_empty();
    let work = if is_pinned {
        let waiting = Waiting {
            tell: &|text| {
                if !global.quiet {
                    stderr::line(&text);
                }
            },
            // A signal ends the program: nothing has begun.
            is_given_up: &|| false,
        };
        Work::Pinned(sorted(
            (catalog, args, &place),
            &selected.asked,
            plans,
            (&secrets, &ssh),
            &waiting,
        )?)
    } else {
        // What cannot be written is told before anything is asked for.
        place.groups(plans)?;
        Work::Unpinned { catalog, planned }
    };
    if let Work::Pinned(todo) = &work {
        for warning in &todo.warnings {
            stderr::line(&format!("warning: {warning}"));
        }
    }
    // Told now, not by a build that cannot say what it wrote; the file of an earlier build goes.
    let metadata = args.metadata_file.as_deref().map(MetadataFile::begin);
    let metadata = metadata.transpose()?;
    if let Work::Pinned(todo) = &work
        && todo.work.is_empty()
    {
        return nothing_to_do(global, &todo.up_to_date, metadata);
    }
    // One thread for the connection: the daemon is the bottleneck, tars and hashes have threads of their own, and every
    // further thread that allocates the pieces of a tar keeps some of them, so that memory would vary from run to run.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(build(
        (args, place),
        global,
        selected,
        work,
        (secrets, ssh),
        metadata,
    ));
    // Nothing is left to wait for: a thread that hangs in a system call must not hold up the end.
    runtime.shutdown_background();
    result
}

/// What is known before a daemon is there.
enum Work<'a> {
    /// Everything is pinned, so that it is known what is there already.
    Pinned(Todo),
    /// What references stand for must be asked first.
    Unpinned {
        catalog: &'a CheckedCatalog,
        planned: PlanOptions,
    },
}

/// The end of a build that finds everything there.
fn nothing_to_do(
    global: &Global,
    outputs: &[Output],
    metadata: Option<MetadataFile>,
) -> Result<(), Failure> {
    let progress = Progress::start(mode(global));
    progress.send(Event::Notice(up_to_date(outputs.len(), outputs.len())));
    progress.end();
    let built = Ok(outputs.to_vec());
    report::report(built, metadata, None, &mut stdout::lock())
}

fn up_to_date(count: usize, all: usize) -> String {
    match all {
        1 => "it is up to date".to_owned(),
        _ if count == all => format!("all {all} outputs are up to date"),
        _ => format!("{count} of {all} outputs are up to date"),
    }
}

fn mode(global: &Global) -> ProgressMode {
    if global.quiet {
        ProgressMode::Quiet
    } else {
        global.progress
    }
}

fn secret_specs(args: &BuildArgs) -> Result<Vec<SecretSpec>, Failure> {
    let mut specs = args::secret_specs(&args.secret)?;
    specs.extend(args.build_ca.iter().map(|path| SecretSpec {
        id: catalog::CA_SECRET.parse().expect("a valid secret id"),
        source: SecretSource::File(path.clone()),
    }));
    Ok(specs)
}

/// How often a build pins at most. Only another call that pins at the same moment makes it more than once.
const MOST_PINNINGS: usize = 5;

/// What steps may ask for besides files.
type Given = (LoadedSecrets, FoundAgents);

/// What was built, and whether the daemon could be let go.
type Outcome = (Result<Vec<Output>, BuildFailure>, Result<(), Failure>);

/// One call of `build`, from the search for the daemon to its end.
struct Job<'a> {
    args: &'a BuildArgs,
    place: Place,
    global: &'a Global,
    signals: Signals,
    progress: Progress,
}

async fn build(
    (args, place): (&BuildArgs, Place),
    global: &Global,
    selected: Selected,
    work: Work<'_>,
    given: Given,
    metadata: Option<MetadataFile>,
) -> Result<(), Failure> {
    let signals = Signals::watch()?;
    let job = Job {
        args,
        place,
        global,
        signals,
        progress: Progress::start(mode(global)),
    };
    let outcome = job.run(selected, work, given).await;
    // Results are printed when nothing moves on the terminal any more.
    job.progress.end();
    let (built, released) = outcome?;
    let interrupted =
        (job.signals.received().is_some()).then(|| Failure::interrupted(&job.signals));
    let reported = report(&job.place, built, metadata, interrupted);
    match (reported, released) {
        (Err(failure), Err(later)) => Err(failure.followed_by(later)),
        (reported, released) => reported.and(released),
    }
}

/// Paths and references go to stdout, or else the output itself. What is complete is handed over, whatever else failed.
fn report(
    place: &Place,
    mut built: Result<Vec<Output>, BuildFailure>,
    metadata: Option<MetadataFile>,
    interrupted: Option<Failure>,
) -> Result<(), Failure> {
    let mut stdout = stdout::lock();
    // Half an output is none, so that there a reader who has gone is an error.
    let mut whole = io::stdout().lock();
    let outputs = match &mut built {
        Ok(outputs) => outputs,
        Err(failure) => &mut failure.outputs,
    };
    match place.hand_over(outputs, &mut whole) {
        Ok(false) => report::report(built, metadata, interrupted, &mut stdout),
        Ok(true) => report::report(built, metadata, interrupted, &mut io::sink()),
        // The outputs are nowhere, so that neither stdout nor the metadata file may name them.
        Err(refused) => Err(
            match report::report(built, None, interrupted, &mut io::sink()) {
                Ok(()) => refused,
                Err(failed) => failed.followed_by(refused),
            },
        ),
    }
}

impl Job<'_> {
    async fn run(
        &self,
        selected: Selected,
        work: Work<'_>,
        given: Given,
    ) -> Result<Outcome, Failure> {
        let work = match work {
            Work::Unpinned { .. } => work,
            Work::Pinned(mut todo) => {
                self.leave_out_published(&mut todo).await?;
                if todo.work.is_empty() {
                    self.notice(up_to_date(todo.up_to_date.len(), todo.order.len()));
                    let outputs = together(Ok(Vec::new()), todo.up_to_date, &todo.order);
                    return Ok((outputs, Ok(())));
                }
                Work::Pinned(todo)
            }
        };
        let endpoint = tokio::select! {
            endpoint = connection::find(self.global) => endpoint?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        let built = self.on(&endpoint, selected, work, given).await;
        let released = endpoint.release().await;
        Ok((
            built?,
            released.map_err(|error| Failure::new(Exit::Failed, error)),
        ))
    }

    async fn on(
        &self,
        endpoint: &Endpoint,
        mut selected: Selected,
        work: Work<'_>,
        (secrets, ssh): Given,
    ) -> Result<Result<Vec<Output>, BuildFailure>, Failure> {
        let daemon = tokio::select! {
            daemon = connection::connect(&self.global.connection, endpoint) => daemon?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        if self.global.verbose {
            let info = daemon.info();
            self.notice(format!(
                "building with {} {} at {}",
                info.package,
                info.version,
                daemon.address()
            ));
        }
        let todo = match work {
            Work::Pinned(todo) => todo,
            Work::Unpinned { catalog, planned } => {
                self.pin(&daemon, catalog, &mut selected, &secrets).await?;
                let plans = selected.plan(catalog, planned)?;
                let mut todo = self.sorted(catalog, &selected.asked, plans, (&secrets, &ssh))?;
                for warning in &todo.warnings {
                    self.notice(format!("warning: {warning}"));
                }
                self.leave_out_published(&mut todo).await?;
                todo
            }
        };
        if !todo.up_to_date.is_empty() {
            self.notice(up_to_date(todo.up_to_date.len(), todo.order.len()));
        }
        let options = BuildOptions {
            output: self.place.destination(),
            jobs: self.args.jobs.map(usize::from),
            keep_going: self.args.keep_going,
            secrets,
            ssh,
            registries: self.args.image.access()?,
            roots: selected.roots,
            stores: selected.stores,
            image: ImageOptions {
                archive: self.place.archive(),
                ..self.args.image.options()?
            },
        };
        let events = |event| self.progress.send(event);
        let cancelled = self.signals.cancelled();
        let built = fleet::build(&daemon, todo.work, &options, cancelled, &events).await;
        // The outputs and their records are written.
        drop(todo.locks);
        Ok(together(built, todo.up_to_date, &todo.order))
    }

    fn sorted(
        &self,
        catalog: &CheckedCatalog,
        asked: &BTreeSet<Variant>,
        plans: Vec<Plan>,
        given: (&LoadedSecrets, &FoundAgents),
    ) -> Result<Todo, Failure> {
        let cancelled = self.signals.cancelled();
        let waiting = Waiting {
            tell: &|text| self.notice(text),
            is_given_up: &|| cancelled.is_cancelled(),
        };
        let call = (catalog, self.args, &self.place);
        let sorted = sorted(call, asked, plans, given, &waiting);
        if cancelled.is_cancelled() {
            return Err(Failure::interrupted(&self.signals));
        }
        sorted
    }

    /// Leaves out what the registries have, unless everything is to be built.
    async fn leave_out_published(&self, todo: &mut Todo) -> Result<(), Failure> {
        if self.args.reuse.builds_always() || !self.args.image.push {
            return Ok(());
        }
        let access = self.args.image.access()?;
        let cancelled = self.signals.cancelled();
        let tell = |text| self.notice(text);
        todo.leave_out_published(&access, cancelled, &tell).await;
        if cancelled.is_cancelled() {
            return Err(Failure::interrupted(&self.signals));
        }
        Ok(())
    }

    /// Asks the daemon what unpinned references stand for, and writes it into the lock. Another call may pin at the same
    /// time; both then go on with what the lock has, which may lack a platform that only this one needs.
    async fn pin(
        &self,
        daemon: &Daemon,
        catalog: &CheckedCatalog,
        selected: &mut Selected,
        secrets: &LoadedSecrets,
    ) -> Result<(), Failure> {
        for _ in 0..MOST_PINNINGS {
            let plans = selected.plan(catalog, Caching::Use)?;
            let unpinned = planning::unpinned(&plans);
            if unpinned.is_empty() {
                break;
            }
            let pinning =
                Pinning::of(unpinned).map_err(|error| Failure::new(Exit::Catalog, error))?;
            let resolver = Resolver::daemon(daemon, pinning::credentials()?, secrets);
            let old = selected.inputs.lock.clone();
            let lock = &mut selected.inputs.lock;
            let cancelled = self.signals.cancelled();
            let tell = |name: &str| self.notice(format!("resolving {name}"));
            let pinned = pinning::pin(&pinning, lock, &resolver, cancelled, &tell).await;
            let pinned = pinned.map_err(|error| pinning::failed(error, &self.signals));
            let written = pinning::written(pinned, &self.global.context, &old, lock);
            for moved in lock.moved_from(&old) {
                self.notice(format!("{LOCK_FILE}: {moved}"));
            }
            written?;
        }
        Ok(())
    }

    fn notice(&self, text: String) {
        self.progress.send(Event::Notice(text));
    }
}
