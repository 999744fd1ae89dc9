//! From the words of plans and errors to lines of files.

use catalog::{
    Artifact, BaseError, CheckedCatalog, FromLineError, Inputs, PlanError, PlanProblem, Written,
};

use super::super::place::{Location, Sources};

/// The lines that a reference is written in; `None` if no file has it.
pub(super) fn written(
    place: &Written,
    catalog: &CheckedCatalog,
    inputs: &Inputs,
    sources: &mut Sources,
) -> Option<Location> {
    match place {
        Written::FromLine { file, line } => {
            let text = inputs.dockerfiles.get(file)?;
            Some(sources.dockerfile(file.as_str(), text, *line))
        }
        Written::Base { artifact, .. } => {
            let artifact = catalog.get(artifact.as_str())?;
            match artifact.base_place() {
                Some(base) => Some(sources.declared(base)),
                None => declared(artifact, None, sources),
            }
        }
        Written::Step { artifact, number } => {
            declared(catalog.get(artifact.as_str())?, Some(*number), sources)
        }
        Written::BuildContext(_) | Written::HelperImage => None,
    }
}

/// The lines that declare a step of an artifact, or else where the artifact begins.
fn declared(artifact: &Artifact, step: Option<usize>, sources: &mut Sources) -> Option<Location> {
    match step.and_then(|number| artifact.step_place(number)) {
        Some(step) => Some(sources.declared(step)),
        None => Some(sources.heading(artifact.place()?)),
    }
}

/// The lines that keep a variant from being planned.
pub(super) fn failed(
    error: &PlanError,
    catalog: &CheckedCatalog,
    inputs: &Inputs,
    sources: &mut Sources,
) -> Option<Location> {
    match &*error.reason {
        PlanProblem::Step {
            artifact, number, ..
        } => declared(catalog.get(artifact)?, Some(*number), sources),
        PlanProblem::Base(BaseError::FromLine(error)) => {
            let (file, line) = from_line(error)?;
            let text = inputs.dockerfiles.get(file)?;
            Some(sources.dockerfile(file.as_str(), text, line))
        }
        PlanProblem::Base(BaseError::OtherDigest { place, .. }) => {
            written(place, catalog, inputs, sources)
        }
        _ => declared(catalog.get(error.variant.artifact.as_str())?, None, sources),
    }
}

fn from_line(error: &FromLineError) -> Option<(&catalog::ContextPath, usize)> {
    match error {
        FromLineError::Missing { .. } => None,
        FromLineError::Variable { file, line, .. }
        | FromLineError::Malformed { file, line, .. }
        | FromLineError::Image { file, line, .. } => Some((file, *line)),
    }
}
