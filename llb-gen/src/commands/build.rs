//! `llbgen build`: finds the daemon, builds, and prints what was written.

use std::io;

use catalog::{Caching, CheckedCatalog, Plan};
use engine::{
    BuildFailure, BuildOptions, Caches, Call, Disk, Event, FoundAgents, ImageNaming, ImageOptions,
    LoadedSecrets, MetadataFile, Others, Output, RegistryAccess, SecretSource, SecretSpec, Sent,
    Waiting, WorkList, Workspace,
};

use crate::{
    args::{self, BuildArgs, Global, ProgressMode, unused_mirrors_warning},
    build_job::{Job, Outcome},
    failure::{Exit, Failure},
    git::git,
    outputs::{Place, report},
    progress::Progress,
    signals::Signals,
    stderr, stdout,
    workspace::Question,
};

pub(crate) fn run(
    args: &BuildArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    // Before a daemon is started, which inherits the limit.
    engine::raise_file_limit();
    let caching = if args.reuse.no_cache {
        Caching::Ignore
    } else {
        Caching::Use
    };
    let place = Place::of(args, &global.context, catalog)?;
    let variation = args.for_platforms();
    let question = Question::of(
        &variation,
        &args.artifacts,
        global,
        args.tar.planned(caching, &args.image.format)?,
    )
    .with_proxies()
    .with_mirrors(args.mirrors.mirrors()?);
    let mut workspace = if args.image.push {
        question.ask_for_whole_images(catalog, Others::LeftOut)?
    } else {
        question.ask(catalog)?
    };
    if args.locking.is_frozen() {
        workspace.require_pinned()?;
    }
    workspace.require_contexts()?;
    let warning = unused_mirrors_warning(&Plan::unused_mirrors(workspace.plans()));
    args.image.require_images(catalog, workspace.plans())?;
    let options = options(args, &place)?;
    // Outputs that cannot be written are told before anything is asked for.
    let git = git(catalog, &args.image.tag, &args.variation, global);
    let naming = args.image.naming(git);
    let products = place.products(&mut workspace, args, &naming)?;
    let ready = if workspace.unpinned().is_empty() {
        let waiting = Waiting {
            tell: &|text| {
                if !global.quiet {
                    stderr::line(&text);
                }
            },
            // A signal ends the program: nothing has begun.
            is_given_up: &|| false,
        };
        let access = options.step_access();
        Some(WorkList::sorted(
            products,
            place.sorting(args),
            access,
            waiting,
        )?)
    } else {
        None
    };
    // A metadata file that cannot be written is told now, not after the build; the file of an earlier build goes.
    let metadata = args.metadata_file.as_deref().map(MetadataFile::begin);
    let metadata = metadata.transpose()?;
    if let Some(work_list) = ready.as_ref().filter(|ready| ready.products.is_empty()) {
        return nothing_to_do(global, (warning, work_list), &options.caches, metadata);
    }
    // One thread for the connection: the daemon is the bottleneck, tars and hashes have threads of their own, and every
    // further thread that allocates pieces of a tar keeps some of them, so that memory would vary from run to run.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let begun = Begun {
        warning,
        naming,
        workspace,
        disk: question.into_disk(),
        ready,
        options,
    };
    let result = runtime.block_on(build((args, &place), global, begun, metadata));
    // Nothing is left to wait for: a thread that hangs in a system call must not hold up the end.
    runtime.shutdown_background();
    result
}

/// The state of a call before a daemon is there.
struct Begun<'c> {
    /// The warning to give first.
    warning: Option<String>,
    workspace: Workspace<'c>,
    disk: Disk,
    naming: ImageNaming,
    /// The work list, when everything is pinned; else references must be resolved first.
    ready: Option<WorkList>,
    options: BuildOptions,
}

/// How products are built; the registries are not known yet.
fn options(args: &BuildArgs, place: &Place) -> Result<BuildOptions, Failure> {
    let image = args.image.options()?;
    let caches = args.caches.caches()?;
    let secrets = LoadedSecrets::load(&secret_specs(args)?)
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let ssh = FoundAgents::find(&args.ssh).map_err(|error| {
        let hint = error.hint();
        Failure::new(Exit::Usage, error).with_hint(hint)
    })?;
    Ok(BuildOptions {
        output: place.destination(),
        jobs: args.jobs.map(usize::from),
        keep_going: args.keep_going,
        secrets,
        ssh,
        registries: RegistryAccess::default(),
        image: ImageOptions {
            archive: place.archive(),
            ..image
        },
        caches,
        sent: Sent::default(),
    })
}

/// The end of a build with nothing to do.
fn nothing_to_do(
    global: &Global,
    (warning, work_list): (Option<String>, &WorkList),
    caches: &Caches,
    metadata: Option<MetadataFile>,
) -> Result<(), Failure> {
    let outputs = &work_list.up_to_date;
    // A signal ends the program.
    let progress = Progress::start(mode(global), || false);
    for warning in warning.iter().chain(&work_list.warnings) {
        progress.send(Event::Warning(warning.clone()));
    }
    for told in work_list.told().into_iter().chain(caches.left_alone()) {
        progress.send(Event::Notice(told));
    }
    progress.end();
    let built = Ok(outputs.clone());
    report::report(built, metadata, None, &mut stdout::lock())
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

async fn build(
    (args, place): (&BuildArgs, &Place),
    global: &Global,
    begun: Begun<'_>,
    metadata: Option<MetadataFile>,
) -> Result<(), Failure> {
    let signals = Signals::watch()?;
    let cancelled = signals.cancelled();
    let progress = {
        let cancelled = cancelled.clone();
        Progress::start(mode(global), move || cancelled.is_cancelled())
    };
    if let Some(warning) = begun.warning {
        progress.send(Event::Warning(warning));
    }
    let patience = progress.listening(args.patience.patience());
    let registries = args.image.access(&args.allow_credentials, patience)?;
    let job = Job {
        global,
        signals: &signals,
        progress: &progress,
        call: Call {
            disk: &begun.disk,
            delivery: place.delivery(args, &begun.naming),
            sorting: place.sorting(args),
            options: BuildOptions {
                registries,
                ..begun.options
            },
            cancelled,
            events: &|event| progress.send(event),
        },
    };
    let outcome = Box::pin(job.run(begun.workspace, begun.ready)).await;
    // Results are printed when nothing moves on the terminal any more.
    progress.end();
    let Outcome {
        built,
        cached,
        released,
    } = outcome?;
    let interrupted = (signals.received().is_some()).then(|| Failure::interrupted(&signals));
    let reported = report(place, built, metadata, interrupted);
    let ends = [reported, cached, released].into_iter();
    ends.filter_map(Result::err)
        .reduce(Failure::followed_by)
        .map_or(Ok(()), Err)
}

/// Prints paths and references to stdout, or writes the output itself there. Complete outputs are handed over, whatever
/// else failed.
fn report(
    place: &Place,
    mut built: Result<Vec<Output>, BuildFailure>,
    metadata: Option<MetadataFile>,
    interrupted: Option<Failure>,
) -> Result<(), Failure> {
    let mut stdout = stdout::lock();
    // Half an output is none: here, a reader that has gone is an error.
    let mut whole = io::stdout().lock();
    let outputs = match &mut built {
        Ok(outputs) => outputs,
        Err(failure) => &mut failure.outputs,
    };
    match place.hand_over(outputs, &mut whole) {
        Ok(false) => report::report(built, metadata, interrupted, &mut stdout),
        Ok(true) => report::report(built, metadata, interrupted, &mut io::sink()),
        // The outputs are nowhere: neither stdout nor the metadata file may name them.
        Err(refused) => Err(
            match report::report(built, None, interrupted, &mut io::sink()) {
                Ok(()) => refused,
                Err(failed) => failed.followed_by(refused),
            },
        ),
    }
}
