//! The artifacts that an artifact is made from: its base, and those that its steps copy from.

use std::collections::BTreeSet;

use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    check,
    name::{ArtifactName, VariableName},
    plan_error::PlanProblem,
    read::Read,
    step_reads::reads_of,
    variant::Variant,
};

impl CheckedCatalog {
    /// The artifacts that `artifact` is made from directly: its base first, then those that any of its variants copies
    /// from.
    pub fn dependencies<'a>(&'a self, artifact: &Artifact) -> Vec<&'a Artifact> {
        let mut dependencies: Vec<&Artifact> = self.base_artifact(artifact).into_iter().collect();
        for variant in artifact.variants() {
            // The check reports a step whose reads are an error.
            for name in artifacts_read(artifact, &variant).unwrap_or_default() {
                let Some(read) = self.artifacts.get(name.as_str()) else {
                    continue;
                };
                if dependencies.iter().all(|known| known.name != read.name) {
                    dependencies.push(read);
                }
            }
        }
        dependencies
    }

    /// `artifacts` and all artifacts that they are made from, in the order of the catalog.
    pub fn with_dependencies<'a>(
        &'a self,
        artifacts: impl IntoIterator<Item = &'a Artifact>,
    ) -> Vec<&'a Artifact> {
        let mut found: BTreeSet<&ArtifactName> = BTreeSet::new();
        let mut open: Vec<&Artifact> = artifacts.into_iter().collect();
        while let Some(artifact) = open.pop() {
            if found.insert(&artifact.name) {
                open.extend(self.dependencies(artifact));
            }
        }
        self.artifacts()
            .filter(|artifact| found.contains(&artifact.name))
            .collect()
    }

    /// The variant of `below` that `variant` is made from: the same platform, and the same values of the variables that
    /// `below` uses. These are the ones that it uses with the defaults of all options, and those that it uses with the
    /// set values.
    pub(crate) fn below(&self, variant: &Variant, below: &Artifact) -> Variant {
        let own = below.options.keys();
        let artifact = &self.artifacts[&variant.artifact];
        let is_set = |name: &VariableName| {
            let option = artifact.options.get(name);
            option.is_none_or(|option| option.default.to_string() != variant.values[name])
        };
        let is_other = |name: &VariableName| !below.options.contains_key(name);
        if !variant.options().any(is_other) || !variant.options().any(is_set) {
            return below.variant_below(variant, own);
        }
        let all: Vec<VariableName> = variant.options().cloned().collect();
        let with_all = below.variant_below(variant, &all);
        match check::options_below(self, &with_all) {
            Ok(used) => below.variant_below(variant, own.chain(&used)),
            // The selection was not checked; planning the wrong step gives the error.
            Err(_) => with_all,
        }
    }

    /// `variant` and the variants that it is made from, whatever contexts replace.
    pub(crate) fn variant_closure(&self, variant: &Variant) -> Result<Vec<Variant>, PlanProblem> {
        let mut found: BTreeSet<Variant> = BTreeSet::new();
        let mut order = Vec::new();
        let mut open = vec![variant.clone()];
        while let Some(variant) = open.pop() {
            if !found.insert(variant.clone()) {
                continue;
            }
            let artifact = &self.artifacts[&variant.artifact];
            let mut below: Vec<&Artifact> = self.base_artifact(artifact).into_iter().collect();
            for name in artifacts_read(artifact, &variant)? {
                below.extend(self.artifacts.get(name.as_str()));
            }
            open.extend(below.into_iter().map(|below| self.below(&variant, below)));
            order.push(variant);
        }
        Ok(order)
    }
}

impl CheckedCatalog {
    /// The names of the directories that the steps of any variant of `artifact` read and that the user gives.
    pub fn context_names(&self, artifact: &Artifact) -> BTreeSet<String> {
        let variants = artifact.variants();
        let reads = variants
            .iter()
            .flat_map(|variant| reads_of(artifact, variant).unwrap_or_default())
            .flatten();
        reads
            .filter_map(|read| match read {
                Read::Context { name, .. } => Some(name.to_string()),
                _ => None,
            })
            .collect()
    }
}

/// The names of the artifacts whose trees or tars the steps of a variant read; of trees, also of images.
fn artifacts_read(artifact: &Artifact, variant: &Variant) -> Result<Vec<String>, PlanProblem> {
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
