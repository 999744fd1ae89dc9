//! From what plans and errors say to lines of files.

use catalog::{Artifact, BaseError, CheckedCatalog, FromLineError, Inputs, PlanError, PlanProblem};

use super::super::place::{Location, Sources};

/// The lines that a plan's place names: `dockerfiles/base.dockerfile:2`, `artifact `tools`, step 3` or `the base of
/// artifact `tools`, llbgen.toml:7`; `None` for what no file says.
pub(super) fn named(
    place: &str,
    catalog: &CheckedCatalog,
    inputs: &Inputs,
    sources: &mut Sources,
) -> Option<Location> {
    let dockerfile = place.rsplit_once(':').and_then(|(file, line)| {
        let text = inputs.dockerfiles.get(file)?;
        Some((file, text, line.parse().ok()?))
    });
    if let Some((file, text, line)) = dockerfile {
        return Some(sources.dockerfile(file, text, line));
    }
    let (_, quoted) = place.split_once("artifact `")?;
    let (name, rest) = quoted.split_once('`')?;
    let artifact = catalog.get(name)?;
    let step = rest.strip_prefix(", step ");
    let step = step.and_then(|number| number.parse().ok());
    declared(artifact, step, sources)
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
            named(place, catalog, inputs, sources)
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
