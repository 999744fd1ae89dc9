//! Conditions that hold for no variant.

use std::collections::{BTreeMap, BTreeSet};

use super::in_step;
use crate::{artifact::Artifact, condition::Domains, problem::Problem, step::Step};

/// Conditions that hold for no variant.
pub(super) fn impossible_conditions(artifact: &Artifact) -> impl Iterator<Item = Problem> {
    let groups = artifact
        .numbered_steps()
        .filter(|(_, step)| matches!(step, Step::When(_)));
    let groups: Vec<(usize, &Step)> = groups.collect();
    let domains = (!groups.is_empty()).then(|| domains(artifact));
    let domains = domains.unwrap_or_default();
    groups
        .into_iter()
        .flat_map(move |(number, step)| in_step(number, step.impossible(&domains)))
}

/// The values of the variables of an artifact in all its variants.
fn domains(artifact: &Artifact) -> Domains {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for variant in artifact.variants() {
        for (name, value) in variant.variables() {
            values.entry(name).or_default().insert(value);
        }
    }
    let fixed = values
        .into_iter()
        .map(|(name, values)| (name, Some(values)));
    let options = artifact.options.iter().map(|(name, option)| {
        let values = option.values.iter().cloned().collect();
        (
            name.to_string(),
            (!option.values.is_empty()).then_some(values),
        )
    });
    fixed.chain(options).collect()
}
