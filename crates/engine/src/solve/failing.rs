//! The cause of a failed solve: a step, a source, the registry or the packer, as far as the daemon's words tell.

use std::sync::Arc;

use buildkit_client::{BuildFailure, Daemon, FailureSource, SolveError};
use buildkit_llb::{Definition, Entry, Location, OpContent};
use catalog::{PACKER_PROGRAM, Plan, Variant, VertexName, Written};
use tokio_util::sync::CancellationToken;

use super::Ended;
use crate::{
    build::{FailureReason, VariantFailure},
    checksum_failure::ChecksumFailure,
    download_server::Session,
    push_failure::{self, PushFailure},
    source_failure::{self, SourceFailure},
};

/// A solve that has failed.
pub(super) struct Failing<'a> {
    pub(super) daemon: &'a Daemon,
    pub(super) cancelled: &'a CancellationToken,
}

impl Failing<'_> {
    /// How it ended, told as truly as it can be.
    pub(super) async fn end(
        &self,
        plans: &[Plan],
        variant: Arc<Variant>,
        reason: FailureReason,
    ) -> Ended {
        let mut failure = failed(plans, variant, reason);
        if let FailureReason::Checksum(changed) = failure.reason {
            let session = Session {
                daemon: self.daemon,
                cancelled: self.cancelled,
            };
            failure.reason = changed.explained(&session).await;
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

/// The cause of a daemon's failure, as far as its words tell.
fn told_by(
    plans: &[Plan],
    found: Option<(&Plan, &Entry)>,
    failure: Box<BuildFailure>,
) -> FailureReason {
    if let Some((plan, vertex)) = found
        && let OpContent::Source(source) = vertex.content()
    {
        if let Some(changed) = ChecksumFailure::of(plan, &source, &failure) {
            return changed.into();
        }
        if let Some(source) = source_failure::classify(&source, &failure) {
            return FailureReason::Source(Box::new(source));
        }
    }
    if let Some(source) = pulled_later(plans, found, &failure) {
        return FailureReason::Source(Box::new(source));
    }
    let helper = without_packer(plans, &failure);
    let pushed = push_failure::classify(&failure);
    let error = SolveError::Build(failure);
    if let Some(image) = helper {
        FailureReason::NoPacker { image, error }
    } else if let Some((repository, trouble)) = pushed {
        FailureReason::Push(Box::new(PushFailure {
            repository,
            others: Vec::new(),
            trouble,
            error,
        }))
    } else {
        FailureReason::Solve(error)
    }
}

/// The failure of bases whose layers a daemon fetches when a step needs them: it names the step, and no image.
fn pulled_later(
    plans: &[Plan],
    found: Option<(&Plan, &Entry)>,
    failure: &BuildFailure,
) -> Option<SourceFailure> {
    let plans = found.map_or(plans, |(plan, _)| std::slice::from_ref(plan));
    let graphs = plans.iter().map(Plan::to_solve);
    source_failure::of_layers(graphs.flat_map(Definition::vertices), failure)
}

/// The image of `--helper-image`, if the daemon finds no packer in it.
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

/// Sorts the places of a vertex as the graph has them: every call that the daemon's error has passed through has
/// reversed them.
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

#[cfg(test)]
mod tests;
