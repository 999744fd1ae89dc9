//! Stages: their own problems, and the instances that artifacts need.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    artifact::Artifact, catalog::CheckedCatalog, name::ArtifactName, problem::Problem,
    step_reads::artifacts_read, variant::Variant,
};

/// The keys and axes of a stage that only something delivered can have.
pub(super) fn problems(artifact: &Artifact) -> Vec<Problem> {
    if artifact.kind.is_delivered() {
        return Vec::new();
    }
    let keys = [
        ("repository", !artifact.repository.is_empty()),
        ("tags", !artifact.tags.is_empty()),
        ("platform-tags", !artifact.platform_tags.is_empty()),
        ("annotations", !artifact.annotations.is_empty()),
        ("compression", artifact.compression.is_some()),
        ("attest", !artifact.attest.is_empty()),
        ("file-tags", !artifact.file_tags.is_empty()),
        ("release-tags", !artifact.release_tags.is_empty()),
        ("output", !artifact.has_default_output),
    ];
    let keys = keys.into_iter().filter(|(_, is_there)| *is_there);
    let keys = keys.map(|(key, _)| Problem::StageHas { key });
    let axes = artifact.axes.keys().map(|axis| Problem::StageAxis {
        axis: axis.to_string(),
    });
    keys.chain(axes).collect()
}

/// Finds the instances of stages, options at their defaults: those that delivered artifacts need, and those that these
/// instances need.
pub(super) fn find_instances(catalog: &mut CheckedCatalog) {
    let mut found: BTreeMap<ArtifactName, BTreeSet<Variant>> = BTreeMap::new();
    let mut artifacts = catalog.artifacts.values();
    if artifacts.all(|artifact| artifact.kind.is_delivered()) {
        return;
    }
    let delivered = catalog.artifacts.values();
    let delivered = delivered.filter(|artifact| artifact.kind.is_delivered());
    let variants = delivered.flat_map(|artifact| catalog.variants(artifact));
    let mut open: Vec<Variant> = variants.collect();
    while let Some(variant) = open.pop() {
        for stage in stages_of(catalog, &variant) {
            if found
                .entry(stage.artifact.clone())
                .or_default()
                .insert(stage.clone())
            {
                open.push(stage);
            }
        }
    }
    catalog.instances = found;
}

/// The instances of stages that a variant is made from directly.
fn stages_of(catalog: &CheckedCatalog, variant: &Variant) -> Vec<Variant> {
    let artifact = &catalog.artifacts[&variant.artifact];
    let mut below: Vec<&Artifact> = catalog.base_artifact(variant).into_iter().collect();
    // The check of steps reports a step whose reads are an error.
    for name in artifacts_read(artifact, variant).unwrap_or_default() {
        below.extend(catalog.artifacts.get(name.as_str()));
    }
    let stages = below.into_iter().filter(|it| !it.kind.is_delivered());
    let instances = stages.filter_map(|stage| stage.variant_below(variant, []).ok());
    instances.collect()
}
