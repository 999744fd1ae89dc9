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
    let written = StepProblem::from(&source).written;
    let place = artifact.step_place(number);
    PlanProblem::Step {
        place: place.map(|place| Box::new(place.of_text(&written))),
        artifact: artifact.name.to_string(),
        number,
        title: step.title(),
        source: Box::new(source),
    }
}
