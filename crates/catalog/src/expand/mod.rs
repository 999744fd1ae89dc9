//! From declared artifacts to artifacts with everything said: those with axes in their names become several, parts take
//! the place of their uses, and what an artifact does not say comes from its base. All of it is pure.

mod bases;
mod names;
mod parts;

use std::sync::Arc;

use crate::{
    artifact::Artifact, name::VariableName, part::Part, problem::Problem, template::ValueTables,
};

/// What the artifacts of a catalog may use.
pub(crate) struct Shared<'a> {
    pub(crate) tables: &'a Arc<ValueTables>,
    pub(crate) parts: &'a [Part],
}

/// The artifacts that `declared` stands for. An artifact with a problem has it among its own.
pub(crate) fn expand(declared: Vec<Artifact>, shared: &Shared<'_>) -> Vec<Artifact> {
    let named = declared
        .into_iter()
        .flat_map(|artifact| names::expand(artifact, shared.tables));
    let mut artifacts: Vec<Artifact> = named.collect();
    for artifact in &mut artifacts {
        parts::expand(artifact, shared.parts);
    }
    bases::complete(&mut artifacts);
    artifacts
}

/// The problem of an element of an axis that no row matches.
fn no_row(axis: &VariableName, pattern: &str) -> Problem {
    Problem::NoRow {
        axis: axis.to_string(),
        pattern: pattern.to_owned(),
    }
}
