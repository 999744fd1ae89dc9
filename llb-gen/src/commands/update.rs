//! `llbgen update`: resolves references anew, and sets the time of package indexes to now.

use catalog::{CheckedCatalog, nearest};
use engine::{LockSurvey, resolve::Pinning};

use crate::{
    args::{Global, ListingFormat, UpdateArgs, tell_unused_mirrors},
    commands::lock,
    failure::{Exit, Failure},
    resolving, stdout,
};

pub(crate) fn run(
    args: &UpdateArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let mirrors = args.mirrors.mirrors()?;
    let survey = LockSurvey::of(catalog, &args.pinned.disk(global), &args.pinned.set)?;
    tell_unused_mirrors(&mirrors.unused(survey.downloads()), global);
    let mut new = survey.pruned();
    let mut pinning = Pinning::of(&survey.references)
        .map_err(|error| Failure::new(Exit::Catalog, error))?
        .with_mirrors(&mirrors)
        .anew();
    let all = pinning.names();
    if args.packages || !args.references.is_empty() {
        let unknown = pinning.only(&args.references);
        refuse_unknown(&unknown, &all)?;
    }
    if !pinning.is_empty() {
        resolving::resolve(&pinning, &mut new, global, &args.access)?;
    }
    if args.packages {
        new.set_epoch(engine::now());
    }
    engine::begin(&mut new);
    if args.format == ListingFormat::Json {
        if !args.dry_run {
            new = engine::lock_file::write(&global.context, &survey.lock, &new)?.lock;
        }
        stdout::json(&new.moved_from(&survey.lock))?;
        return Ok(());
    }
    if args.dry_run {
        lock::print_moves(&new.moved_from(&survey.lock))?;
        return Ok(());
    }
    lock::write(global, &survey.lock, &new)
}

fn refuse_unknown(unknown: &[String], valid: &[String]) -> Result<(), Failure> {
    let Some(name) = unknown.first() else {
        return Ok(());
    };
    let nearest = nearest(name, valid.iter().map(String::as_str));
    let error = format!(
        "the catalog does not refer to `{name}`{}",
        catalog::did_you_mean(nearest)
    );
    Err(Failure::new(Exit::Usage, error)
        .with_hint(format!("it refers to {}", catalog::listed(valid))))
}
