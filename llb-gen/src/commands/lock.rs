//! `llbgen lock`: pins the references of the catalog that the lock does not have, and drops entries that nothing refers
//! to.

use std::io::{self, Write as _};

use catalog::{CheckedCatalog, Reference};
use catalog::{LOCK_FILE, Lock, Move};
use engine::{LockSurvey, lock_file, resolve::Pinning};

use crate::{
    args::{Global, LockArgs, tell_unused_mirrors},
    failure::{Exit, Failure},
    resolving, stderr, stdout,
    terminal::plain,
};

pub(crate) fn run(
    args: &LockArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    if args.source_policy {
        return print_source_policy(global);
    }
    let mirrors = args.mirrors.mirrors()?;
    let survey = LockSurvey::of(catalog, &args.pinned.disk(global), &args.pinned.set)?;
    tell_unused_mirrors(&mirrors.unused(survey.downloads()), global);
    let missing = survey.missing(&survey.lock);
    if args.check {
        return check(global, &survey, &survey.pruned(), &missing);
    }
    if !missing.is_empty() && args.offline {
        return Err(not_pinned(&missing, "run it without `--offline`"));
    }
    let pinning = Pinning::of(missing).map_err(|error| Failure::new(Exit::Catalog, error))?;
    let pinning = pinning.with_mirrors(&mirrors);
    let mut lock = survey.lock.clone();
    if !pinning.is_empty() {
        let resolved = resolving::resolve(&pinning, &mut lock, global, &args.access);
        if let Err(failure) = resolved {
            return unfinished(failure, global, &survey.lock, &lock);
        }
    }
    survey.prune(&mut lock);
    engine::begin(&mut lock);
    write(global, &survey.lock, &lock)
}

/// Writes and prints the pins that were found before a failure. Nothing is dropped then: the call that succeeds does
/// that.
fn unfinished(failure: Failure, global: &Global, old: &Lock, found: &Lock) -> Result<(), Failure> {
    if found == old {
        return Err(failure);
    }
    let written = match lock_file::write(&global.context, old, found) {
        Ok(written) => written,
        Err(unwritten) => return Err(failure.followed_by(unwritten.into())),
    };
    match print_moves(&written.lock.moved_from(old)) {
        Ok(()) => Err(failure),
        Err(unprinted) => Err(failure.followed_by(unprinted.into())),
    }
}

/// Writes the lock, and prints the pins that moved. Another call may have pinned the same meanwhile, and before this
/// one.
pub(super) fn write(global: &Global, old: &Lock, new: &Lock) -> Result<(), Failure> {
    let written = lock_file::write(&global.context, old, new)?;
    print_moves(&written.lock.moved_from(old))?;
    if !global.quiet {
        let count = written.lock.count();
        let state = if written.changed {
            "now pins"
        } else {
            "is unchanged and pins"
        };
        stderr::line(&format!(
            "`{LOCK_FILE}` {state} {} image(s), {} download(s) and {} git ref(s)",
            count.images, count.downloads, count.git
        ));
    }
    Ok(())
}

pub(super) fn print_moves(moves: &[Move]) -> io::Result<()> {
    let mut stdout = stdout::lock();
    moves
        .iter()
        .try_for_each(|moved| writeln!(stdout, "{}", plain(&moved.to_string())))
}

fn print_source_policy(global: &Global) -> Result<(), Failure> {
    let lock = lock_file::read(&global.context)?;
    if lock.is_empty() {
        let error = format!(
            "there is no `{LOCK_FILE}` in `{}`",
            global.context.display()
        );
        return Err(Failure::new(Exit::Catalog, error).with_hint("`llbgen lock` writes it"));
    }
    stdout::json(&lock.source_policy())?;
    Ok(())
}

/// Whether `llbgen lock` would write the very bytes that are there; nobody is asked.
fn check(
    global: &Global,
    survey: &LockSurvey,
    pruned: &Lock,
    missing: &[&Reference],
) -> Result<(), Failure> {
    if !missing.is_empty() {
        return Err(not_pinned(missing, "`llbgen lock` pins it"));
    }
    let unused = pruned.moved_from(&survey.lock);
    let error = if let Some(entry) = unused.first() {
        format!(
            "`{LOCK_FILE}` pins `{}`, which nothing refers to",
            entry.entry
        )
    } else if pruned.epoch().is_none() {
        format!("`{LOCK_FILE}` has no epoch for package indexes")
    } else if pruned.cache_namespace().is_none() {
        format!("`{LOCK_FILE}` has no namespace for caches")
    } else if lock_file::is_written(&global.context, pruned)? {
        return Ok(());
    } else {
        format!("`{LOCK_FILE}` is not written as `llbgen lock` writes it")
    };
    Err(Failure::new(Exit::Catalog, error).with_hint("`llbgen lock` puts it right"))
}

fn not_pinned(missing: &[&Reference], hint: &str) -> Failure {
    let mut errors: Vec<String> = missing
        .iter()
        .map(|reference| {
            format!(
                "`{}` is not pinned in `{LOCK_FILE}` ({})",
                reference.source.name(),
                reference.place
            )
        })
        .collect();
    errors.dedup();
    Failure {
        exit: Exit::Catalog,
        errors: errors.into_iter().map(Into::into).collect(),
        hint: Some(hint.to_owned()),
    }
}
