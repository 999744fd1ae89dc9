//! The report at the end of a build: results on stdout, the metadata file, failures with their exit code and a hint.

mod tag_hint;

use std::{
    error::Error,
    fmt,
    io::{self, Write},
    sync::Arc,
};

use buildkit_client::SolveError;
use catalog::{ImageKey, ImageRef, LOCK_FILE, listed};
use engine::{
    BuildFailure, ExpectedBy, FailureReason, MetadataFile, Output, OutputError, PushFailure,
    SourceFailure, SourceKind, Trouble, UnfinishedTags, VariantFailure,
};

use crate::{
    failure::{Exit, Failure, RERUN},
    source_hint,
};

/// Prints the outputs and the failures. An error in printing or recording comes after the failures before it.
pub(crate) fn report(
    built: Result<Vec<Output>, BuildFailure>,
    metadata: Option<MetadataFile>,
    interrupted: Option<Failure>,
    stdout: &mut impl Write,
) -> Result<(), Failure> {
    let (outputs, unfinished, failure) = match built {
        Ok(outputs) => (outputs, Vec::new(), None),
        Err(BuildFailure {
            outputs,
            failures,
            unfinished,
            is_told,
        }) => {
            let failure = match interrupted {
                Some(interrupted) => interrupted.leaving(&unfinished),
                None => failed(failures, is_told, &outputs, &unfinished),
            };
            let told = unfinished.iter().map(ToString::to_string);
            let failure = Failure {
                errors: failure
                    .errors
                    .into_iter()
                    .chain(told.map(Into::into))
                    .collect(),
                ..failure
            };
            (outputs, unfinished, Some(failure))
        }
    };
    let printed = print(&outputs, stdout).map_err(|source| Failure::new(Exit::Failed, source));
    let recorded = metadata.map_or(Ok(()), |metadata| metadata.finish(&outputs, &unfinished));
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
        .try_for_each(|output| print_one(output, stdout));
    lines.and_then(|()| stdout.flush()).map_err(Unprinted)
}

/// Prints the path of an output, or the references that it was pushed or loaded under.
fn print_one(output: &Output, stdout: &mut impl Write) -> io::Result<()> {
    if let Some(path) = output.path() {
        return writeln!(stdout, "{}", path.display());
    }
    let mut references = output.references().iter();
    references.try_for_each(|reference| writeln!(stdout, "{reference}"))
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

fn failed(
    failures: Vec<Arc<VariantFailure>>,
    is_told: bool,
    outputs: &[Output],
    unfinished: &[UnfinishedTags],
) -> Failure {
    // Only a failure or a signal ends a build early; anything else is a bug.
    let Some(first) = failures.first() else {
        return Failure::new(Exit::Bug, "the build was given up without a reason");
    };
    let exit = exit_of(&first.reason);
    let all_alike = failures
        .iter()
        .all(|failure| exit_of(&failure.reason) == exit);
    let written = (!outputs.is_empty())
        .then(|| format!("the other {} output(s) are complete", outputs.len()));
    let is_begun = unfinished.iter().any(UnfinishedTags::is_begun);
    let rerun = is_begun.then(|| RERUN.to_owned());
    let hints = hint_for(first).into_iter().chain(written).chain(rerun);
    let hint: Vec<String> = hints.collect();
    Failure {
        exit: if all_alike { exit } else { Exit::Failed },
        errors: failures
            .into_iter()
            .map(|failure| {
                if is_told {
                    Box::new(Told(failure)) as _
                } else {
                    Box::new(failure) as _
                }
            })
            .collect(),
        hint: (!hint.is_empty()).then(|| hint.join("\n")),
    }
}

/// A failure whose lines were shown when it happened.
#[derive(Debug)]
struct Told(Arc<VariantFailure>);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// The exit code for the reason of a failure.
pub(crate) fn exit_of(reason: &FailureReason) -> Exit {
    match reason {
        FailureReason::Solve(error) if engine::is_transient(error) => Exit::Transient,
        FailureReason::Source(source) => source_hint::exit(Some(source.trouble)),
        FailureReason::Path(_) | FailureReason::Bundle(_) => Exit::Catalog,
        FailureReason::Destination(_) | FailureReason::NoPacker { .. } => Exit::Usage,
        FailureReason::NoRoot { .. } | FailureReason::NoStore { .. } => Exit::Bug,
        FailureReason::Solve(_)
        | FailureReason::Checksum(_)
        | FailureReason::Output(_)
        | FailureReason::NoTar
        | FailureReason::NoDigest
        | FailureReason::TwoDigests { .. } => Exit::Failed,
        // The others are as they should be, or are told.
        FailureReason::Push(failure) if !failure.others.is_empty() => Exit::Failed,
        FailureReason::Tag(error) if !error.others.is_empty() => Exit::Failed,
        FailureReason::Push(failure) => source_hint::exit(failure.trouble),
        FailureReason::Tag(error) => source_hint::exit(error.trouble()),
    }
}

fn hint_for(failure: &VariantFailure) -> Option<String> {
    match (&failure.reason, exit_of(&failure.reason)) {
        (FailureReason::Solve(SolveError::Lost { .. } | SolveError::SessionClosed { .. }), _) => {
            Some(format!(
                "is the daemon still running? Its log says why it ended; {}",
                source_hint::AGAIN
            ))
        }
        (_, Exit::Transient) => Some(source_hint::AGAIN.to_owned()),
        (FailureReason::Source(source), Exit::Unreachable) => Some(unreachable(source)),
        (FailureReason::Source(source), _)
            if !source.needs_login()
                && let Some(key) = pinned(&source.reference) =>
        {
            Some(format!(
                "`{LOCK_FILE}` pins it to a digest that the registry may no longer have: `llbgen update {key}` asks \
                 what it stands for now"
            ))
        }
        (FailureReason::Source(source), _) => Some(refused(source)),
        (FailureReason::Checksum(failure), _) => Some(match failure.expected_by {
            ExpectedBy::Lock => format!(
                "if it was meant to change, `llbgen update {}` pins what is there now",
                failure.url
            ),
            ExpectedBy::Step => format!(
                "if it was meant to change, write `checksum = \"{}\"` into the step",
                failure.found.as_deref().unwrap_or("sha256:…")
            ),
        }),
        (FailureReason::Push(failure), _) => hint_for_push(failure),
        (FailureReason::Tag(error), _) => Some(tag_hint::hint(error)),
        (FailureReason::Output(OutputError::Occupied { .. }), _) => Some(
            "remove it, or have the files written elsewhere: `-o DIR`".to_owned(),
        ),
        (FailureReason::NoPacker { .. }, _) => Some(
            "name an image of llbgen's frontend, which has it; without `--helper-image`, `llbgen` sends its own".to_owned(),
        ),
        _ => None,
    }
}

/// The next step after a push that failed. Of several registries, the others are told of.
fn hint_for_push(failure: &PushFailure) -> Option<String> {
    let own = match failure.trouble {
        Some(Trouble::Unreachable) => Some(
            "can the daemon, which may run elsewhere, reach that registry? Its `buildkitd.toml` says which ones speak \
             plain HTTP, and has their certificates",
        ),
        Some(Trouble::Transient) => Some(source_hint::AGAIN),
        Some(Trouble::Missing) => Some(
            "log in with `docker login`, as someone who may push there, or push elsewhere with `--registry PREFIX`",
        ),
        // The registry says why.
        Some(Trouble::Refused) | None => None,
    };
    let others = (!failure.others.is_empty()).then(|| {
        format!(
            "no tag is moved, not in {} either, which may have the image without a tag",
            listed(&failure.others)
        )
    });
    let hints: Vec<String> = others
        .into_iter()
        .chain(own.map(ToOwned::to_owned))
        .collect();
    (!hints.is_empty()).then(|| hints.join("\n"))
}

fn unreachable(source: &SourceFailure) -> String {
    let question = format!(
        "can the daemon, which may run elsewhere, reach the host of `{}`?",
        source.reference
    );
    match source.kind {
        SourceKind::Image => {
            format!("{question} Its `buildkitd.toml` names mirrors and certificates")
        }
        SourceKind::Download | SourceKind::Git => question,
    }
}

fn refused(source: &SourceFailure) -> String {
    let hint = source_hint::refused(source.kind, &source.reference, Some(source.trouble));
    match source.kind {
        SourceKind::Image => {
            format!("{hint}; `--build-context NAME=docker-image://REF` takes another base")
        }
        SourceKind::Download | SourceKind::Git => hint,
    }
}

/// The lock's entry for a reference with a digest.
fn pinned(reference: &str) -> Option<ImageKey> {
    let image: ImageRef = reference.parse().ok()?;
    image.digest().map(|_| ImageKey::of(&image))
}

#[cfg(test)]
mod tests;
