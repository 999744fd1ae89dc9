//! Checks of the artifacts that an artifact is made from: they exist, they have the platforms and axes that are needed,
//! and they do not lead back to it.

use std::collections::{BTreeMap, BTreeSet};

use super::{about, in_step, is_image, nearest_artifact};
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    name::{ArtifactName, VariableName},
    problem::{Found, Problem},
    read::Read,
    step::{Reader, StepProblem},
    variant::Variant,
};

/// The platforms and axis values of `artifact` that `below`, which it is made from, is not built for.
pub(super) fn lacking(artifact: &Artifact, below: &Artifact) -> Vec<Problem> {
    let base = below.name.to_string();
    let lacks = |value: String| Problem::BaseLacks {
        base: base.clone(),
        value,
    };
    let platforms = artifact
        .platforms
        .iter()
        .filter(|platform| !below.platforms.contains(platform));
    let mut problems: Vec<Problem> = platforms
        .map(|platform| lacks(platform.to_string()))
        .collect();
    for (axis, values) in &below.axes {
        match artifact.axes.get(axis) {
            None => problems.push(Problem::MissingAxis {
                base: base.clone(),
                axis: axis.to_string(),
            }),
            Some(own) => {
                let missing = own.iter().filter(|value| !values.contains(value));
                problems.extend(missing.map(|value| lacks(format!("{axis}={value}"))));
            }
        }
    }
    problems
}

/// The direct dependencies of every artifact, read from the steps once. To ask the steps again on every way through the
/// catalog would take longer than all other checks.
pub(super) struct MadeFrom {
    direct: BTreeMap<ArtifactName, Vec<ArtifactName>>,
    /// The index of each artifact in the catalog.
    places: BTreeMap<ArtifactName, usize>,
}

pub(super) fn made_from(catalog: &CheckedCatalog) -> MadeFrom {
    let names = |artifact| {
        let below = catalog.dependencies(artifact).into_iter();
        below.map(|below| below.name.clone()).collect()
    };
    let artifacts = catalog.artifacts();
    let places = catalog.order.iter().cloned().enumerate();
    MadeFrom {
        direct: artifacts
            .map(|artifact| (artifact.name.clone(), names(artifact)))
            .collect(),
        places: places.map(|(place, name)| (name, place)).collect(),
    }
}

impl MadeFrom {
    /// `name` and everything that it is made from, in the order of the catalog.
    pub(super) fn all<'a>(&'a self, name: &'a ArtifactName) -> Vec<&'a ArtifactName> {
        let mut found: BTreeMap<usize, &ArtifactName> = BTreeMap::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if found.insert(self.places[name], name).is_none() {
                open.extend(&self.direct[name]);
            }
        }
        found.into_values().collect()
    }
}

/// The problems of the trees and tars that the steps of `artifact` put in.
pub(super) fn dependency_problems(
    catalog: &CheckedCatalog,
    made_from: &MadeFrom,
    artifact: &Artifact,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(chain) = circle(made_from, &artifact.name) {
        problems.push(Problem::Loop { chain });
    }
    let mut reads: BTreeSet<(usize, Read)> = BTreeSet::new();
    for variant in artifact.variants() {
        let variables = &variant.variables();
        for (number, step) in artifact.numbered_steps() {
            // The check of steps reports a step whose reads are an error.
            let read = step.reads(Reader { variables }).into_iter().flatten();
            reads.extend(read.map(|read| (number, read)));
        }
    }
    for problem in reads
        .iter()
        .flat_map(|(number, read)| read_problems(catalog, artifact, *number, read))
    {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

/// The problems of the artifact or image in `read`, which the step `number` of `artifact` reads.
pub(crate) fn read_problems(
    catalog: &CheckedCatalog,
    artifact: &Artifact,
    number: usize,
    read: &Read,
) -> Vec<Problem> {
    match read {
        Read::Tree(name) => match catalog.get(name) {
            Some(below) => lacking(artifact, below),
            None if is_image(name) => Vec::new(),
            None => vec![Problem::CopiedFrom {
                number,
                nearest: nearest_artifact(catalog, name),
                name: name.clone(),
            }],
        },
        Read::Tar(name) => match catalog.get(name) {
            Some(below) if below.kind.is_image() => {
                vec![Problem::NoTar {
                    number,
                    name: name.clone(),
                }]
            }
            Some(below) => lacking(artifact, below),
            None => vec![Problem::TarOf {
                number,
                nearest: nearest_artifact(catalog, name),
                name: name.clone(),
            }],
        },
        _ => Vec::new(),
    }
}

/// The options of all artifacts that `variant` is made from. `variant` has a value for every option of the catalog. The
/// error is the first problem: a step, a missing artifact, a circle.
pub(crate) fn options_below(
    catalog: &CheckedCatalog,
    variant: &Variant,
) -> Result<BTreeSet<VariableName>, Box<Found>> {
    let mut options = BTreeSet::new();
    let mut seen: BTreeSet<&ArtifactName> = BTreeSet::new();
    let mut way: Vec<&ArtifactName> = Vec::new();
    let mut open = vec![(&catalog.artifacts[&variant.artifact], 0)];
    while let Some((artifact, depth)) = open.pop() {
        way.truncate(depth);
        if let Some(begin) = way.iter().position(|name| **name == artifact.name) {
            let round = way[begin..].iter().copied().chain([&artifact.name]);
            let chain = round.map(ToString::to_string).collect();
            return Err(Box::new(about(artifact, Problem::Loop { chain })));
        }
        if seen.insert(&artifact.name) {
            way.push(&artifact.name);
            options.extend(artifact.options.keys().cloned());
            let below = below(
                catalog,
                artifact,
                &artifact.variant_below(variant, artifact.options.keys()),
            );
            let below = below.map_err(|problem| Box::new(about(artifact, problem)))?;
            open.extend(below.into_iter().map(|below| (below, depth + 1)));
        }
    }
    Ok(options)
}

/// The artifacts that a variant is made from directly, or the first problem of its steps.
fn below<'a>(
    catalog: &'a CheckedCatalog,
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<&'a Artifact>, Problem> {
    let variables = variant.variables();
    let mut below: Vec<&Artifact> = catalog.base_artifact(artifact).into_iter().collect();
    for (number, step) in artifact.numbered_steps() {
        let reads = step.reads(Reader {
            variables: &variables,
        });
        let mut problems = step.problems_with(&variables);
        problems.extend(reads.as_ref().err().map(StepProblem::from));
        if let Some(problem) = in_step(number, problems).next() {
            return Err(problem);
        }
        for read in reads.into_iter().flatten() {
            if let Some(problem) = read_problems(catalog, artifact, number, &read)
                .into_iter()
                .next()
            {
                return Err(problem);
            }
            if let Read::Tree(name) | Read::Tar(name) = &read {
                below.extend(catalog.get(name));
            }
        }
    }
    Ok(below)
}

/// The way from `artifact` back to itself, by bases and copies.
fn circle(made_from: &MadeFrom, artifact: &ArtifactName) -> Option<Vec<String>> {
    let mut seen: BTreeSet<&ArtifactName> = BTreeSet::new();
    let mut open: Vec<Vec<&ArtifactName>> = vec![vec![artifact]];
    while let Some(way) = open.pop() {
        for below in &made_from.direct[*way.last()?] {
            let further = || way.iter().copied().chain([below]);
            if below == artifact {
                return Some(further().map(ToString::to_string).collect());
            }
            if seen.insert(below) {
                open.push(further().collect());
            }
        }
    }
    None
}
