//! The reads of the steps of a variant.

use crate::{
    artifact::Artifact,
    plan_error::PlanProblem,
    read::Read,
    step::{Reader, Step, StepError, StepProblem},
    variant::Variant,
};

/// The reads of every step of `artifact`, in the order of the steps, with those of the last steps.
pub(crate) fn reads_of(
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<Vec<Read>>, PlanProblem> {
    let variables = variant.variables();
    let reader = Reader {
        variables: &variables,
    };
    artifact
        .numbered_steps()
        .map(|(number, step)| {
            step.reads(reader)
                .map_err(|source| step_failed(artifact, number, step, source))
        })
        .collect()
}

/// The error that a step cannot be carried out, with its place.
pub(crate) fn step_failed(
    artifact: &Artifact,
    number: usize,
    step: &Step,
    source: StepError,
) -> PlanProblem {
    let StepProblem {
        nested, written, ..
    } = StepProblem::from(&source);
    let place = artifact.place_within(number, &nested);
    PlanProblem::Step {
        place: place.map(|place| Box::new(place.of_text(&written))),
        uses: artifact.uses(number, &nested),
        artifact: artifact.name.to_string(),
        number,
        title: step.title(),
        source: Box::new(source),
    }
}

/// The names of the artifacts whose trees or tars the steps of a variant read; of trees, also of images.
pub(crate) fn artifacts_read(
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<String>, PlanProblem> {
    let mut names = trees_read(artifact, variant)?;
    names.extend(tars_read(artifact, variant)?);
    Ok(names)
}

/// The names of the artifacts whose tars the steps of a variant put in.
pub(crate) fn tars_read(
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<String>, PlanProblem> {
    let reads = reads_of(artifact, variant)?;
    let names = reads.into_iter().flatten().filter_map(|read| match read {
        Read::Tar(name) => Some(name),
        _ => None,
    });
    Ok(names.collect())
}

/// The names of the artifacts, or images, that the steps of a variant copy from.
pub(crate) fn trees_read(
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<String>, PlanProblem> {
    let reads = reads_of(artifact, variant)?;
    let names = reads.into_iter().flatten().filter_map(|read| match read {
        Read::Tree(name) => Some(name),
        _ => None,
    });
    Ok(names.collect())
}
