//! Conditions that hold for no variant of any artifact that has them: several artifacts have the steps of a part, and
//! those of a template.

use std::collections::{BTreeMap, BTreeSet};

use super::{about, in_step};
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    condition::{Domains, Impossible},
    problem::{Found, Problem},
    step::Step,
    texts::impossible_in,
};

/// Conditions that hold for no variant, each once.
pub(super) fn impossible_conditions(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut impossible: BTreeMap<(String, String), (usize, Found)> = BTreeMap::new();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    let mut order: Vec<(String, String)> = Vec::new();
    for artifact in catalog.artifacts() {
        let steps = artifact.numbered_steps();
        let steps = steps.filter(|(_, step)| matches!(step, Step::When(_) | Step::Use(_)));
        let steps: Vec<(usize, &Step)> = steps.collect();
        if steps.is_empty() || catalog.variants(artifact).is_empty() {
            continue;
        }
        let domains = domains(catalog, artifact);
        for (number, step) in steps {
            for path in group_paths(step) {
                *groups.entry(declared(artifact, number, &path)).or_default() += 1;
            }
            for problem in in_step(number, step.impossible(&domains)) {
                let Problem::Step {
                    nested, written, ..
                } = &problem
                else {
                    continue;
                };
                let key = (declared(artifact, number, nested), written.join(" "));
                let first = || (0, about(artifact, problem.clone()));
                let (count, _) = impossible.entry(key.clone()).or_insert_with(first);
                *count += 1;
                if *count == 1 {
                    order.push(key);
                }
            }
        }
    }
    let found = order.into_iter().filter_map(|key| {
        let (count, found) = impossible.remove(&key)?;
        (count >= groups[&key.0]).then_some(found)
    });
    found.collect()
}

/// Conditions in lists of texts that hold for no variant of any artifact that has the list, each once.
pub(super) fn impossible_texts(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut impossible: BTreeMap<(String, String), (usize, Found)> = BTreeMap::new();
    let mut lists: BTreeMap<String, usize> = BTreeMap::new();
    for artifact in catalog.artifacts() {
        let published = [
            ("repository", &artifact.repository),
            ("tags", &artifact.tags),
            ("platform-tags", &artifact.platform_tags),
        ];
        if published.iter().all(|(_, list)| list.is_empty()) {
            continue;
        }
        let domains = domains(catalog, artifact);
        for (key, list) in published {
            let place = artifact.key_place(key);
            let place = place.map(|place| format!("{} {:?}", place.file.name, place.span));
            let declared = place.unwrap_or_else(|| format!("{} {key}", artifact.name));
            *lists.entry(declared.clone()).or_default() += 1;
            for Impossible { text, written } in impossible_in(list, &domains) {
                let id = (declared.clone(), text.clone());
                let problem = Problem::ImpossibleText { key, text, written };
                let first = || (0, about(artifact, problem));
                impossible.entry(id).or_insert_with(first).0 += 1;
            }
        }
    }
    let found = impossible.into_iter();
    let found = found.filter(|((declared, _), (count, _))| *count >= lists[declared]);
    found.map(|(_, (_, found))| found).collect()
}

/// The paths to the groups in a step, itself among them.
fn group_paths(step: &Step) -> Vec<Vec<usize>> {
    let inner: Vec<(Vec<usize>, &Step)> = match step {
        Step::When(group) => {
            let steps = group.steps().iter().enumerate();
            steps.map(|(index, step)| (vec![index], step)).collect()
        }
        Step::Use(used) => {
            let parts = used.parts().iter().enumerate();
            let steps = parts.flat_map(|(part, used)| {
                let steps = used.steps.iter().enumerate();
                steps.map(move |(index, step)| (vec![part, index], step))
            });
            steps.collect()
        }
        _ => Vec::new(),
    };
    let own = matches!(step, Step::When(_)).then(Vec::new);
    let inner = inner.into_iter().flat_map(|(path, step)| {
        let below = group_paths(step).into_iter();
        below.map(move |rest| path.iter().copied().chain(rest).collect())
    });
    own.into_iter().chain(inner).collect()
}

/// Where a group is declared: the same for all artifacts that have it from one part or template.
fn declared(artifact: &Artifact, number: usize, path: &[usize]) -> String {
    if let Some(place) = artifact.place_within(number, path) {
        return format!("{} {:?}", place.file.name, place.span);
    }
    let mut steps = artifact.numbered_steps();
    let step = steps.find(|(known, _)| *known == number);
    let in_part = step.and_then(|(_, step)| in_part(step, path));
    in_part.unwrap_or_else(|| format!("{} {number} {path:?}", artifact.name))
}

/// The part that the path leads into last, and the path in that.
fn in_part(step: &Step, path: &[usize]) -> Option<String> {
    match (step, path) {
        (Step::When(group), [index, rest @ ..]) => in_part(group.steps().get(*index)?, rest),
        (Step::Use(used), [part, index, rest @ ..]) => {
            let part = used.parts().get(*part)?;
            let inner = in_part(part.steps.get(*index)?, rest);
            inner.or_else(|| Some(format!("part {} {index} {rest:?}", part.name)))
        }
        _ => None,
    }
}

/// The values of the variables of an artifact in all its variants.
fn domains(catalog: &CheckedCatalog, artifact: &Artifact) -> Domains {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for variant in catalog.variants(artifact) {
        for (name, value) in variant.variables().iter() {
            let known = values.entry(name.to_owned()).or_default();
            known.insert(value.to_owned());
        }
    }
    let fixed = values
        .into_iter()
        .map(|(name, values)| (name, Some(values)));
    let mut domains: Domains = fixed.collect();
    for (name, option) in &artifact.options {
        let values: BTreeSet<String> = option.values.iter().cloned().collect();
        domains.insert(name.to_string(), (!values.is_empty()).then_some(values));
        // The fields are those of the default alone.
        domains.retain(|known, _| !known.starts_with(&format!("{name}.")));
    }
    domains
}
