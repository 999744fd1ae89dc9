//! One product: what the daemon is asked, and how what it sends becomes an output.

mod bundles;
mod failing;
mod receive;
mod sources;

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use buildkit_client::{Daemon, Export, Progress, SessionId, Solve};
use catalog::{Plan, Variant};
use tokio_util::sync::CancellationToken;

use self::{
    failing::Failing,
    receive::{Complete, Making},
};
pub(crate) use self::{
    receive::{Leaves, files_digest},
    sources::with_sources,
};
use crate::{
    build::{BuildOptions, FailureReason, VariantFailure},
    causes::in_a_line,
    declared::{tell_of_refused, with_declared},
    delivered::Output,
    destination::Destination,
    event::Event,
    fingerprint::Fingerprint,
    image::{self, Left, Pushed},
    moves::Moves,
    names::ImageRefs,
    output::{FilesDraft, OutputError},
    product::ImageProduct,
    record,
    redact::Redactor,
};

/// How a plan ended without an output.
pub(crate) enum Ended {
    /// It was cancelled, by the user or because another one failed.
    Cancelled,
    /// It failed.
    Failed(VariantFailure),
}

impl Ended {
    /// Names the other registries of an image that one of them did not take.
    fn of_image(self, names: &ImageRefs) -> Self {
        let Self::Failed(mut failure) = self else {
            return self;
        };
        match &mut failure.reason {
            FailureReason::Push(push) => push.others = names.other_registries(&push.repository),
            FailureReason::Tag(tag) => tag.others = names.other_registries(&tag.name),
            _ => {}
        }
        Self::Failed(failure)
    }
}

/// Solves a plan and publishes its tar or its files.
pub(crate) async fn run(
    daemon: &Daemon,
    (plan, leaves): (Plan, Leaves),
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, Ended> {
    if cancelled.is_cancelled() {
        return Err(Ended::Cancelled);
    }
    let variant = Arc::new(plan.variant.clone());
    let session = SessionId::random();
    let plan = plan.for_sessions(&options.sessions(&session));
    let asked = (&plan, leaves);
    let solved = solve(daemon, asked, session, &variant, options, cancelled, events).await;
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
    (plan, leaves): (&Plan, Leaves),
    session: SessionId,
    variant: &Arc<Variant>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, FailureReason> {
    let path = options.output.path(&plan.variant, &plan.output)?;
    // Made before anything is built, so that a directory that cannot be written to is told at once.
    let making = Making::begin(leaves, &options.output, &path, plan)?;
    let published = Arc::new(Mutex::new(None));
    let packed = plan.packed.clone().ok_or(FailureReason::NoTar)?;
    let sink = {
        let published = Arc::clone(&published);
        move |tar: &mut dyn Read| {
            let complete = making.receive(tar, &packed)?;
            *published.lock().unwrap_or_else(PoisonError::into_inner) = Some(complete);
            Ok(())
        }
    };
    let solve = options
        .in_session(Solve::definition(plan.to_solve().to_bytes()), session)
        .with_export(Export::tar(sink));
    let plans = std::slice::from_ref(plan);
    let solve = with_declared(solve, plans, [], options);
    let solve = with_sources(solve, plans, options)?;
    let on_progress = redacted_progress(variant, options, events);
    let solved = daemon.solve(solve, on_progress, cancelled).await;
    tell_of_refused(&options.registries, events);
    solved?;
    let complete = published
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let complete = complete.ok_or(FailureReason::NoTar)?;
    if let Some(warning) = complete.warning(&path) {
        events(Event::Warning(warning));
    }
    let output = Output {
        artifact: plan.variant.artifact.to_string(),
        platform: plan.variant.platform.to_string(),
        values: plan.variant.values_as_text(),
        id: plan.id,
        form: complete.form(&path, plan, leaves),
        up_to_date: false,
    };
    let Complete {
        fingerprint,
        unnamed,
        ..
    } = complete;
    match unnamed {
        Some(draft) => publish_files(&options.output, plan, &output, fingerprint, draft)?,
        None => note_down(&options.output, plan, &output, fingerprint, events),
    }
    Ok(output)
}

/// Gives a directory its name. Its record comes first, so that no directory of ours is ever without one: the next build
/// would take it for somebody else's. A record of what is not there says nothing wrong, since its fingerprint fits nothing.
fn publish_files(
    destination: &Destination,
    plan: &Plan,
    output: &Output,
    fingerprint: Option<Fingerprint>,
    draft: FilesDraft,
) -> Result<(), OutputError> {
    let (Some(directory), Some(fingerprint)) = (destination.records(), fingerprint) else {
        return draft.publish();
    };
    record::write(directory, plan, output, fingerprint)?;
    let is_new = !draft.replaces_output();
    let published = draft.publish();
    if published.is_err() && is_new {
        // Whatever took the place meanwhile is not ours.
        record::remove(directory, plan)?;
    }
    published
}

/// Writes the record of an output, if its destination has records. The output is complete: without a record it is built
/// again the next time, which is no reason to fail.
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
        let path = output.path().unwrap_or(directory).display();
        let why = in_a_line(&error);
        events(Event::Warning(format!(
            "`{path}` is complete, but its record is not, so it will be built again: {why}"
        )));
    }
}

/// Sends the daemon's reports on a variant as events, with known secrets blotted out.
pub(crate) fn redacted_progress(
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

/// The result of building a product.
pub(crate) enum Delivered {
    /// A complete file.
    Whole(Box<Output>),
    /// An image without its tags, which are moved last.
    Pushed(Box<Pushed>),
}

/// Solves an image.
pub(crate) async fn run_image(
    daemon: &Daemon,
    image: ImageProduct,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Delivered, Ended> {
    if cancelled.is_cancelled() {
        return Err(Ended::Cancelled);
    }
    let variant = Arc::new(image.variant().clone());
    let session = SessionId::random();
    let bound = image.clone().for_sessions(&options.sessions(&session));
    let solved = image::solve(
        daemon, &bound, &session, &variant, options, cancelled, events,
    )
    .await;
    match solved {
        Ok(Left::Archive(output)) => Ok(Delivered::Whole(output)),
        Ok(Left::Pushed(digest)) => Ok(Delivered::Pushed(Box::new(Pushed { image, digest }))),
        Err(reason) => {
            let failing = Failing { daemon, cancelled };
            let ended = failing.end(bound.plans(), variant, reason).await;
            Err(ended.of_image(image.names()))
        }
    }
}

/// Moves the tags of an image.
pub(crate) async fn publish(
    daemon: &Daemon,
    pushed: &Pushed,
    moves: &Moves,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Output, Ended> {
    let published = pushed
        .publish(daemon, moves, options, cancelled, events)
        .await;
    match published {
        Ok(output) => Ok(output),
        Err(FailureReason::Tag(error)) if error.is_cancelled() => Err(Ended::Cancelled),
        Err(reason) => {
            let failing = Failing { daemon, cancelled };
            let variant = Arc::new(pushed.image.variant().clone());
            let ended = failing.end(pushed.image.plans(), variant, reason).await;
            Err(ended.of_image(pushed.image.names()))
        }
    }
}
