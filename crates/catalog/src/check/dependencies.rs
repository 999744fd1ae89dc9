//! What artifacts are made from: it is there, for all that it is needed for, and not made from them in turn.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_image, nearest_artifact};
use crate::{
    artifact::{Artifact, Kind},
    catalog::CheckedCatalog,
    dependencies::{tars_read, trees_read},
    name::ArtifactName,
    problem::Problem,
    variant,
};

/// What `artifact` is built for, and `below`, which it is made from, is not.
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

/// What every artifact is made from directly. To ask the steps for it again on every way through the catalog would take
/// longer than all other checks.
pub(super) struct MadeFrom {
    direct: BTreeMap<ArtifactName, Vec<ArtifactName>>,
    /// The place of each artifact in the catalog.
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

/// What is wrong with the trees that the steps of `artifact` copy from.
pub(super) fn dependency_problems(
    catalog: &CheckedCatalog,
    made_from: &MadeFrom,
    artifact: &Artifact,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let base = catalog.base_artifact(artifact).map(|base| &base.name);
    for name in &made_from.direct[&artifact.name] {
        if Some(name) != base {
            problems.extend(lacking(artifact, &catalog.artifacts[name]));
        }
    }
    if let Some(chain) = circle(made_from, &artifact.name) {
        problems.push(Problem::Loop { chain });
    }
    let variants = variant::all_of(artifact, &artifact.platforms);
    let names: BTreeSet<String> = variants
        .iter()
        .flat_map(|variant| trees_read(artifact, variant).unwrap_or_default())
        .collect();
    let unknown = names
        .into_iter()
        .filter(|name| !catalog.artifacts.contains_key(name.as_str()) && !is_image(name));
    problems.extend(unknown.map(|name| Problem::CopiedFrom {
        nearest: nearest_artifact(catalog, &name),
        name,
    }));
    let tars: BTreeSet<String> = variants
        .iter()
        .flat_map(|variant| tars_read(artifact, variant).unwrap_or_default())
        .collect();
    problems.extend(
        tars.into_iter()
            .filter_map(|name| match catalog.get(&name) {
                Some(found) if found.kind() == Kind::Image => Some(Problem::NoTar { name }),
                Some(_) => None,
                None => Some(Problem::TarOf {
                    nearest: nearest_artifact(catalog, &name),
                    name,
                }),
            }),
    );
    problems
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
