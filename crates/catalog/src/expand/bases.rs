//! What an artifact does not say and its base says: platforms, axes, and the combinations that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    artifact::{Artifact, Base, default_output},
    budget::MAX_VARIANTS,
    kind::Kind,
    name::ArtifactName,
};

/// Completes every artifact whose base is one artifact in all its variants.
pub(super) fn complete(artifacts: &mut [Artifact]) {
    let places: BTreeMap<ArtifactName, usize> = artifacts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, artifact)| (artifact.name.clone(), index))
        .collect();
    let bases: Vec<Option<usize>> = artifacts
        .iter()
        .map(|artifact| places.get(only_base(artifact)?.as_str()).copied())
        .collect();
    for index in from_the_bottom(&bases) {
        if let Some(base) = bases[index] {
            let base = artifacts[base].clone();
            take(&mut artifacts[index], &base);
        }
    }
}

/// The name of the base, if it is the same in all variants, whatever options are set.
fn only_base(artifact: &Artifact) -> Option<String> {
    let Base::Named(base) = &artifact.base else {
        return None;
    };
    if let Ok(name) = base.expand(&artifact.scope.variables()) {
        return Some(name);
    }
    if artifact.variant_count() > MAX_VARIANTS {
        return None;
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    for variant in artifact.variants() {
        let is_option = |name: &str| artifact.options.contains_key(name);
        let variables = variant.variables().without(is_option);
        names.insert(base.expand(&variables).ok()?);
        if names.len() > 1 {
            return None;
        }
    }
    names.pop_first()
}

/// All indexes, each after that of its base. A base in a circle comes at any place: the check reports it.
fn from_the_bottom(bases: &[Option<usize>]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    for index in 0..bases.len() {
        let mut chain: Vec<usize> = Vec::new();
        let mut next = Some(index);
        while let Some(index) = next.filter(|index| seen.insert(*index)) {
            chain.push(index);
            next = bases[index];
        }
        order.extend(chain.into_iter().rev());
    }
    order
}

fn take(artifact: &mut Artifact, base: &Artifact) {
    if !artifact.has_own_platforms && (base.kind != Kind::Stage || base.has_own_platforms) {
        artifact.platforms.clone_from(&base.platforms);
    }
    if base.kind == Kind::Stage || artifact.kind == Kind::Stage {
        return;
    }
    for (axis, values) in &base.axes {
        let is_constant = artifact.scope.constants().contains_key(axis);
        if !artifact.axes.contains_key(axis) && !is_constant {
            artifact.axes.insert(axis.clone(), values.clone());
        }
    }
    if artifact.has_default_output {
        artifact.output = default_output(artifact.kind, &artifact.axes);
    }
    let leaves_out = base.exclude.is_some() || base.base_variants.is_some();
    if leaves_out && base.variant_count() <= MAX_VARIANTS {
        let mut variants = base.variants();
        for variant in &mut variants {
            variant
                .values
                .retain(|name, _| base.axes.contains_key(name));
        }
        artifact.base_variants = Some(Arc::new(variants));
    }
}
