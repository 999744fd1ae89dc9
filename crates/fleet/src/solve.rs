//! One plan: what the daemon is asked, and how its tar becomes a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use archive::{CanonicalizeError, Compress, Compressor, Options, Summary, Whiteouts, canonicalize};
use buildkit_client::{
    BuildFailure, Daemon, DeclaredFiles, Expected, Export, FailureSource, LocalDir, Progress,
    RelPath, RelPathError, SinkError, Solve, SolveError,
};
use buildkit_llb::{Definition, Entry, Location, OpContent};
use catalog::{
    ContextPath, FileContent, InputFile, LocalContent, LocalSource, PACKER_PROGRAM, Plan,
    TarCompression, Variant, VertexName, Written,
};
use tokio_util::sync::CancellationToken;

use crate::{
    build::{BuildOptions, FailureReason, VariantFailure},
    checksum_failure,
    destination::Destination,
    event::Event,
    fingerprint::Fingerprint,
    image::{self, ImagePlan},
    metadata::Output,
    output::{Draft, OutputError},
    push_failure::{self, PushFailure},
    record,
    redact::Redactor,
    source_failure,
};

/// How a plan ended without an output.
pub(crate) enum Ended {
    /// It was cancelled, by the user or because another one failed.
    Cancelled,
    /// It failed.
    Failed(VariantFailure),
}

/// What is known of a tar that has its final name; no fingerprint when it was written to a device or the like.
type Complete = (Summary, Option<Fingerprint>);

/// Solves a plan and publishes its tar.
pub(crate) async fn run(
    daemon: &Daemon,
    plan: Plan,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, Ended> {
    if cancelled.is_cancelled() {
        return Err(Ended::Cancelled);
    }
    let variant = Arc::new(plan.variant.clone());
    let solved = solve(daemon, &plan, &variant, options, cancelled, events).await;
    match solved {
        Ok(output) => Ok(output),
        Err(reason) => {
            let failing = Failing { daemon, cancelled };
            Err(failing
                .end(std::slice::from_ref(&plan), variant, reason)
                .await)
        }
    }
}

async fn solve(
    daemon: &Daemon,
    plan: &Plan,
    variant: &Arc<Variant>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, FailureReason> {
    let path = options.output.path(plan)?;
    // Made before anything is built, so that a directory that cannot be written to is told at once.
    let draft = options.output.draft(&path)?;
    let published = Arc::new(Mutex::new(None));
    let compression = compress(plan.tar_compression);
    let packed = plan.packed.clone();
    let sink = {
        let published = Arc::clone(&published);
        move |tar: &mut dyn Read| {
            let complete = match &packed {
                Some(name) => publish_packed(tar, name, draft, compression)?,
                None => publish(tar, draft, compression, &Options::new())?,
            };
            *published.lock().unwrap_or_else(PoisonError::into_inner) = Some(complete);
            Ok(())
        }
    };
    let solve = Solve::definition(plan.to_solve().to_bytes())
        .with_export(Export::tar(sink))
        .with_secrets(options.secrets.to_session())
        .with_ssh(options.ssh.to_session())
        .with_auth(options.registries.credentials.clone());
    let solve = with_sources(solve, std::slice::from_ref(plan), options)?;
    let on_progress = told(variant, options, events);
    daemon.solve(solve, on_progress, cancelled).await?;
    let complete = published
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let (summary, fingerprint) = complete.ok_or(FailureReason::NoTar)?;
    let output = output(plan, path, summary);
    note_down(&options.output, plan, &output, fingerprint, events);
    Ok(output)
}

/// Writes the record of an output, where those have records. The output is complete: without a record it is built again
/// the next time, which is no reason to fail.
pub(crate) fn note_down(
    destination: &Destination,
    plan: &Plan,
    output: &Output,
    fingerprint: Option<Fingerprint>,
    events: &(dyn Fn(Event) + Sync),
) {
    let (Some(directory), Some(fingerprint)) = (destination.records(), fingerprint) else {
        return;
    };
    if let Err(error) = record::write(directory, plan, output, fingerprint) {
        let why = std::error::Error::source(&error).map(|source| format!(": {source}"));
        events(Event::Notice(format!(
            "warning: `{}` is complete, but its record is not, so it will be built again: {error}{}",
            output.path.display(),
            why.unwrap_or_default()
        )));
    }
}

/// Takes the one file out of the daemon's tar: it is the output, packed inside the graph. Its canonical form is itself.
fn publish_packed(
    tar: &mut dyn Read,
    name: &str,
    draft: Draft,
    compression: Compress,
) -> Result<Complete, SinkError> {
    let mut outer = tar::Archive::new(tar);
    let mut entries = outer.entries()?;
    let mut packed = entries.next().ok_or_else(|| no_packed(name))??;
    if packed.path_bytes() != name.as_bytes() {
        return Err(no_packed(name));
    }
    // The devices of an overlay's whiteouts are the only ones in it.
    let options = Options::new().with_whiteouts(Whiteouts::Overlay);
    let complete = publish(&mut packed, draft, compression, &options)?;
    drop(packed);
    // Read to its end, so that the daemon is not cut off while it writes.
    io::copy(&mut outer.into_inner(), &mut io::sink())?;
    Ok(complete)
}

fn no_packed(name: &str) -> SinkError {
    let error = format!("the daemon's tar does not begin with `{name}`");
    io::Error::new(io::ErrorKind::InvalidData, error).into()
}

fn compress(compression: TarCompression) -> Compress {
    match compression {
        TarCompression::Uncompressed => Compress::No,
        TarCompression::Gzip(level) => Compress::Gzip(level),
        TarCompression::Zstd(level) => Compress::Zstd(level),
    }
}

/// Brings the daemon's tar into canonical form as it comes, and gives it its name when it is whole.
fn publish(
    tar: &mut dyn Read,
    draft: Draft,
    compression: Compress,
    options: &Options,
) -> Result<Complete, SinkError> {
    let unwritten = |source| OutputError::File {
        path: draft.path().to_owned(),
        source,
    };
    let file = draft.writer().map_err(unwritten)?;
    let mut writer = Compressor::new(file, compression).map_err(unwritten)?;
    let tar = canonicalize(tar, &mut writer, options).map_err(|error| match error {
        CanonicalizeError::Write(source) => SinkError::from(unwritten(source)),
        error => error.into(),
    })?;
    let (sha256, bytes) = writer.finish().map_err(unwritten)?;
    let fingerprint = draft.publish()?;
    let summary = Summary {
        sha256,
        bytes,
        ..tar
    };
    Ok((summary, fingerprint))
}

fn output(plan: &Plan, path: PathBuf, summary: Summary) -> Output {
    Output {
        artifact: plan.variant.artifact.to_string(),
        platform: plan.variant.platform.to_string(),
        values: plan.variant.values_as_text(),
        id: plan.id,
        path,
        references: Vec::new(),
        image: None,
        digest: summary.sha256.to_string(),
        size: summary.bytes,
        entries: summary.entries,
        vertex: record::head(plan),
        up_to_date: false,
    }
}

/// Tells what the daemon reports on a variant, known secrets blotted out.
pub(crate) fn told(
    variant: &Arc<Variant>,
    options: &BuildOptions,
    events: &(dyn Fn(Event) + Sync),
) -> impl FnMut(Progress) {
    let mut redactor = Redactor::new(options.secrets.to_redact());
    move |progress| {
        events(Event::Progress {
            variant: Arc::clone(variant),
            progress: redactor.redact(progress),
        });
    }
}

/// Solves an image.
pub(crate) async fn run_image(
    daemon: &Daemon,
    plan: ImagePlan,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, Ended> {
    if cancelled.is_cancelled() {
        return Err(Ended::Cancelled);
    }
    let variant = Arc::new(plan.variant().clone());
    let solved = image::solve(daemon, &plan, &variant, options, cancelled, events).await;
    match solved {
        Ok(output) => Ok(output),
        Err(FailureReason::Tag(error)) if error.is_cancelled() => Err(Ended::Cancelled),
        Err(reason) => {
            let failing = Failing { daemon, cancelled };
            Err(failing.end(&plan.plans, variant, reason).await)
        }
    }
}

/// A solve that has failed.
struct Failing<'a> {
    daemon: &'a Daemon,
    cancelled: &'a CancellationToken,
}

impl Failing<'_> {
    /// How it ended, told as truly as it can be.
    async fn end(&self, plans: &[Plan], variant: Arc<Variant>, reason: FailureReason) -> Ended {
        let mut failure = failed(plans, variant, reason);
        if let FailureReason::Checksum(changed) = failure.reason {
            failure.reason =
                checksum_failure::explained(*changed, self.daemon, self.cancelled).await;
        }
        match failure.reason {
            FailureReason::Solve(SolveError::Cancelled) => Ended::Cancelled,
            _ => Ended::Failed(failure),
        }
    }
}

/// Names the step that failed, and tells sources that cannot be fetched from builds that fail.
fn failed(plans: &[Plan], variant: Arc<Variant>, reason: FailureReason) -> VariantFailure {
    let FailureReason::Solve(SolveError::Build(mut failure)) = reason else {
        return VariantFailure {
            step: None,
            variant,
            reason,
        };
    };
    let found = failure.vertex.as_ref().and_then(|digest| {
        plans.iter().find_map(|plan| {
            let mut vertices = plan.to_solve().vertices();
            let vertex = vertices.find(|vertex| vertex.digest().to_string() == digest.as_str())?;
            Some((plan, vertex))
        })
    });
    if let Some((plan, vertex)) = found {
        in_order_of(plan.to_solve(), vertex, &mut failure.sources);
    }
    // Of an image, the platform whose step it was.
    let variant = found.map_or(variant, |(plan, _)| Arc::new(plan.variant.clone()));
    VariantFailure {
        step: found
            .and_then(|(_, vertex)| VertexName::of(vertex))
            .map(|name| name.title.to_owned()),
        variant,
        reason: told_by(plans, found, failure),
    }
}

/// What a failure of the daemon comes from, as far as its words tell.
fn told_by(
    plans: &[Plan],
    found: Option<(&Plan, &Entry)>,
    failure: Box<BuildFailure>,
) -> FailureReason {
    if let Some((plan, vertex)) = found
        && let OpContent::Source(source) = vertex.content()
    {
        if let Some(changed) = checksum_failure::classify(plan, &source, &failure) {
            return changed.into();
        }
        if let Some(source) = source_failure::classify(&source, &failure) {
            return FailureReason::Source(Box::new(source));
        }
    }
    let helper = without_packer(plans, &failure);
    let pushed = push_failure::classify(&failure);
    let error = SolveError::Build(failure);
    if let Some(image) = helper {
        FailureReason::NoPacker { image, error }
    } else if let Some((repository, trouble)) = pushed {
        FailureReason::Push(Box::new(PushFailure {
            repository,
            trouble,
            error,
        }))
    } else {
        FailureReason::Solve(error)
    }
}

/// The image that is to have the packer, when that is what the daemon does not find.
fn without_packer(plans: &[Plan], failure: &BuildFailure) -> Option<String> {
    // As the daemon's cache and its mounts have it.
    let words = [
        format!("\"/{PACKER_PROGRAM}\": not found"),
        format!("/{PACKER_PROGRAM}: no such file or directory"),
    ];
    let mut references = plans.iter().flat_map(|plan| &plan.references);
    let helper = references.find(|reference| reference.place == Written::HelperImage)?;
    let is_missing = words.iter().any(|words| failure.message.contains(words));
    is_missing.then(|| helper.source.name())
}

/// Brings the places of a vertex into the order in which the graph has them: every call that the daemon's error has gone
/// through has turned it round.
fn in_order_of(definition: &Definition, vertex: &Entry, sources: &mut [FailureSource]) {
    let files = definition.source_files();
    let line = |source: &FailureSource| source.ranges.first().map(|range| range.start.line);
    sources.sort_by_key(|source| {
        let is_it = |location: &Location| {
            let first = location.ranges().first().map(|range| range.start.line);
            files[location.source_index()].filename() == source.filename && first == line(source)
        };
        let place = vertex.locations().iter().position(is_it);
        place.unwrap_or(usize::MAX)
    });
}

/// The solve with all that the graphs of `plans` read from the disk.
pub(crate) fn with_sources(
    solve: Solve,
    plans: &[Plan],
    options: &BuildOptions,
) -> Result<Solve, FailureReason> {
    let locals = plans.iter().flat_map(|plan| &plan.locals);
    let solve = local_dirs(locals, &options.roots)?
        .into_iter()
        .fold(solve, Solve::with_local);
    let ids: BTreeSet<&String> = plans.iter().flat_map(|plan| &plan.stores).collect();
    ids.into_iter().try_fold(solve, |solve, id| {
        let store = options.stores.get(id);
        let store = store.ok_or_else(|| FailureReason::NoStore { id: id.clone() })?;
        Ok(solve.with_content(store.clone()))
    })
}

/// The directories that the daemon may read, one a name: the sources of several steps are one directory.
fn local_dirs<'a>(
    locals: impl IntoIterator<Item = &'a LocalSource>,
    roots: &BTreeMap<String, PathBuf>,
) -> Result<Vec<LocalDir>, FailureReason> {
    let mut declared: BTreeMap<&str, BTreeMap<RelPath, Expected>> = BTreeMap::new();
    for LocalSource { name, content } in locals {
        let files = declared.entry(name).or_default();
        match content {
            LocalContent::Files(set) => {
                for (path, file) in set {
                    files.insert(relative(path)?, expected(file));
                }
            }
            LocalContent::Rootfs(tar) => {
                let expected = Expected::File {
                    sha256: tar.sha256,
                    size: tar.size,
                    mode: 0o644,
                };
                files.insert(tar.file_name.parse()?, expected);
            }
        }
    }
    let dir = |(name, files): (&str, _)| {
        let root = roots.get(name).ok_or_else(|| FailureReason::NoRoot {
            name: name.to_owned(),
        })?;
        Ok(LocalDir::new(name, root, DeclaredFiles::Exact(files)))
    };
    declared.into_iter().map(dir).collect()
}

fn relative(path: &ContextPath) -> Result<RelPath, RelPathError> {
    path.as_str().parse()
}

fn expected(file: &InputFile) -> Expected {
    match &file.content {
        FileContent::Symlink(target) => Expected::Symlink {
            target: target.clone().into_bytes(),
        },
        FileContent::Hashed { sha256, size } => Expected::File {
            sha256: *sha256,
            size: *size,
            mode: file.mode(),
        },
        FileContent::Text(text) => Expected::File {
            sha256: file.sha256(),
            size: text.len() as u64,
            mode: file.mode(),
        },
    }
}

#[cfg(test)]
mod tests;
