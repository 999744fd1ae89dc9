//! `llbgen doctor`: checks of the daemon, the registries, the lock and the output directory.

mod report;

use catalog::{Caching, Catalog, CheckedCatalog};
use engine::{
    ImageNaming, Patience, RegistryAccess,
    doctor::{self, AddressSource, Check, Checkup, DaemonToCheck, Finding, Needs, State, Subject},
};

use crate::{
    args::{Connection, DoctorArgs, Global, ListingFormat},
    catalog_file, connection,
    failure::{Exit, Failure},
    git::git,
    listing::Checked,
    resolving,
    signals::Signals,
    stderr, stdout,
    workspace::Question,
};

/// The next step for an error whose text says all.
const MEND: &str = "mend it where the error says";

pub(crate) fn run(args: &DoctorArgs, global: &Global, catalog: Catalog) -> Result<(), Failure> {
    let (mut findings, needs) = of_catalog(args, global, catalog)?;
    let (access, unread) = match resolving::registries(&args.registry_insecure, &[], patience()) {
        Ok(access) => (access, Vec::new()),
        Err(failure) => (RegistryAccess::default(), found(failure, Check::Login)?),
    };
    findings.extend(unread);
    let checkup = Checkup {
        daemon: DaemonToCheck {
            given: given(&global.connection)?,
            tls: global.connection.tls(),
            settings: connection::settings(),
        },
        needs,
        access,
        output: args.output.clone(),
    };
    findings.extend(checked(checkup)?);
    match args.format {
        ListingFormat::Json => stdout::json(&Checked::of(&findings))?,
        ListingFormat::Text => stdout::text(&report::text(&findings))?,
    }
    if !global.quiet {
        stderr::line(&report::summary(&findings));
    }
    if findings.iter().any(|found| found.state == State::Problem) {
        return Err(Failure::silent(Exit::Failed));
    }
    Ok(())
}

/// The findings about the catalog, and its needs if it can be planned.
fn of_catalog(
    args: &DoctorArgs,
    global: &Global,
    catalog: Catalog,
) -> Result<(Vec<Finding>, Option<Needs>), Failure> {
    let context = &global.context;
    let catalog = match catalog_file::with_file(catalog, context) {
        Ok(Some(catalog)) => catalog.check().map_err(Failure::from),
        Ok(None) if args.artifacts.is_empty() => {
            let reason = format!(
                "{}: the daemon alone is checked",
                catalog_file::lacking(context)
            );
            let skipped = Finding::skipped(Subject::Catalog, Check::Catalog, reason);
            return Ok((vec![skipped], None));
        }
        Ok(None) => return Err(catalog_file::missing(context)),
        Err(failure) => Err(failure),
    };
    match catalog.and_then(|catalog| planned(args, global, &catalog)) {
        Ok((findings, needs)) => Ok((findings, Some(needs))),
        Err(failure) => Ok((found(failure, Check::Catalog)?, Some(Needs::default()))),
    }
}

fn planned(
    args: &DoctorArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(Vec<Finding>, Needs), Failure> {
    let artifacts = if args.artifacts.is_empty() {
        vec!["all".to_owned()]
    } else {
        args.artifacts.clone()
    };
    let question = Question::of(&args.variation, &artifacts, global, Caching::Use);
    let workspace = question.ask(catalog)?;
    let naming = ImageNaming {
        registries: args.registry.clone(),
        git: git(catalog, &[], &args.variation, global),
        ..ImageNaming::default()
    };
    Ok((doctor::planned(&workspace), Needs::of(&workspace, &naming)?))
}

/// A failure of what is checked, as findings. One of the command line stays a failure.
fn found(failure: Failure, check: Check) -> Result<Vec<Finding>, Failure> {
    if failure.exit == Exit::Usage {
        return Err(failure);
    }
    let next = failure.hint.as_deref().unwrap_or(MEND);
    let errors = failure.errors.iter();
    let of_error =
        errors.map(|error| Finding::failed(Subject::Catalog, check, error.as_ref()).then(next));
    Ok(of_error.collect())
}

fn given(
    connection: &Connection,
) -> Result<Option<(buildkit_client::Address, AddressSource)>, Failure> {
    let source = match connection.addr_source {
        Some(clap::parser::ValueSource::EnvVariable) => AddressSource::Environment,
        _ => AddressSource::Flag,
    };
    Ok(connection.address()?.map(|address| (address, source)))
}

/// Runs the checks until they end, or a signal comes.
fn checked(checkup: Checkup) -> Result<Vec<Finding>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let signals = Signals::watch()?;
        tokio::select! {
            findings = checkup.run() => Ok(findings),
            () = signals.cancelled().cancelled() => Err(Failure::interrupted(&signals)),
        }
    });
    // A disk that gives no answer is not waited for.
    runtime.shutdown_background();
    result
}

/// The first answer counts: what is told is how things are now.
fn patience() -> Patience {
    Patience::new(Some(0), None)
}
