//! From a selection to plans: what `show`, `emit` and `build` have in common.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use catalog::{Caching, CheckedCatalog, Kind, Plan, Variant};

use crate::{
    args::Variation,
    failure::{Exit, Failure},
};

/// Plans, and where the files that they read are.
pub(crate) struct Planned {
    pub(crate) plans: Vec<Plan>,
    /// The directories of the local sources, by name.
    pub(crate) roots: BTreeMap<String, PathBuf>,
}

/// Selects variants, reads what they need, and plans each.
pub(crate) fn plan(
    catalog: &CheckedCatalog,
    variation: &Variation,
    artifacts: &[String],
    context: &Path,
    caching: Caching,
) -> Result<Planned, Failure> {
    let variants = catalog.select(&variation.request(artifacts))?;
    plan_variants(catalog, variation, &variants, context, caching)
}

/// Refuses what cannot be built yet: a tar of everything in place of a layer or an image would be another thing under
/// its name.
pub(crate) fn refuse_other_kinds(catalog: &CheckedCatalog, plans: &[Plan]) -> Result<(), Failure> {
    let artifacts = plans
        .iter()
        .filter_map(|plan| catalog.get(plan.variant.artifact.as_str()));
    match artifacts
        .into_iter()
        .find(|artifact| artifact.kind() != Kind::Rootfs)
    {
        None => Ok(()),
        Some(artifact) => {
            let (name, kind) = (artifact.name(), artifact.kind().as_str());
            let error = format!(
                "artifact `{name}` is of the kind `{kind}`, which this version does not build yet"
            );
            Err(Failure::new(Exit::Catalog, error)
                .with_hint("artifacts of the kind `rootfs` can be built"))
        }
    }
}

/// Reads what `variants` need, and plans each.
pub(crate) fn plan_variants(
    catalog: &CheckedCatalog,
    variation: &Variation,
    variants: &[Variant],
    context: &Path,
    caching: Caching,
) -> Result<Planned, Failure> {
    let needs = catalog.needs(variants)?;
    let fleet::ReadInputs { inputs, roots } =
        fleet::read_inputs(context, &needs, &variation.build_context, variants)
            .map_err(|error| Failure::new(Exit::Catalog, error))?;
    catalog.check_contexts(variants, &inputs)?;
    let plans = variants
        .iter()
        .map(|variant| catalog.plan(variant, &inputs, caching))
        .collect::<Result<Vec<_>, _>>()?;
    catalog::check_outputs(&plans).map_err(|error| Failure::new(Exit::Catalog, error))?;
    Ok(Planned { plans, roots })
}
