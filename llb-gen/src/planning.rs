//! From a selection to plans: what the commands have in common.

mod whole_images;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
};

use buildkit_client::ContentStore;
use catalog::{
    CheckedCatalog, ContextName, Inputs, LOCK_FILE, MissingContext, Plan, PlanError, PlanOptions,
    Platform, Reference, Variant,
};
use engine::{Given, InputError};

pub(crate) use self::whole_images::Asked;
use crate::{
    args::{Global, Variation},
    failure::{Exit, Failure},
    stderr,
};

/// Variants, and what was read for them.
pub(crate) struct Selected {
    pub(crate) variants: Vec<Variant>,
    pub(crate) asked: Asked,
    pub(crate) inputs: Inputs,
    /// The directories of the local sources, by name.
    pub(crate) roots: BTreeMap<String, PathBuf>,
    /// What the daemon may read of OCI layouts, by id.
    pub(crate) stores: BTreeMap<String, ContentStore>,
}

impl Selected {
    /// Selects the variants of `artifacts`, and reads what they need.
    pub(crate) fn of(
        catalog: &CheckedCatalog,
        variation: &Variation,
        artifacts: &[String],
        global: &Global,
    ) -> Result<Self, Failure> {
        let request = variation.request(artifacts);
        let variants = catalog.select(&request)?;
        tell_unused(&variants, &request.set, global);
        Self::read(catalog, variants, variation.given(), &global.context)
    }

    /// Reads what `variants` need.
    pub(crate) fn read(
        catalog: &CheckedCatalog,
        variants: Vec<Variant>,
        given: Given<'_>,
        context: &Path,
    ) -> Result<Self, Failure> {
        let needs = catalog.needs(&variants)?;
        let engine::ReadInputs {
            inputs,
            roots,
            stores,
        } = engine::read_inputs(context, &needs, given, &variants)
            .map_err(|error| unreadable(error, catalog, &variants))?;
        catalog.check_contexts(&variants, &inputs)?;
        Ok(Self {
            asked: Asked::all(&variants),
            variants,
            inputs,
            roots,
            stores,
        })
    }

    /// Plans each variant.
    pub(crate) fn plan(
        &self,
        catalog: &CheckedCatalog,
        options: impl Into<PlanOptions>,
    ) -> Result<Vec<Plan>, Failure> {
        let plans = self.plan_each(catalog, &options.into())?;
        catalog::check_outputs(&plans).map_err(|error| Failure::new(Exit::Catalog, error))?;
        Ok(plans)
    }
}

/// The failure of reading, with the step that declares what cannot be read.
fn unreadable(error: InputError, catalog: &CheckedCatalog, variants: &[Variant]) -> Failure {
    match error {
        InputError::Declared(error) => {
            InputError::Declared(error.of_step(catalog, variants).into()).into()
        }
        error => error.into(),
    }
}

/// So many variants are planned in less time than it takes to start a thread for them.
const FEW: usize = 64;

impl Selected {
    /// Plans each variant, on all cores; the error is that of the first one that cannot be planned.
    fn plan_each(
        &self,
        catalog: &CheckedCatalog,
        options: &PlanOptions,
    ) -> Result<Vec<Plan>, PlanError> {
        let plan = |variant: &Variant| catalog.plan(variant, &self.inputs, options.clone());
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let share = self.variants.len().div_ceil(cores).max(FEW);
        let planned: Vec<Result<Vec<Plan>, PlanError>> = thread::scope(|scope| {
            let shares = self.variants.chunks(share);
            let threads: Vec<_> = shares
                .map(|share| scope.spawn(move || share.iter().map(plan).collect()))
                .collect();
            let ended = threads.into_iter().map(thread::ScopedJoinHandle::join);
            ended
                .map(|ended| ended.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        let mut plans = Vec::with_capacity(self.variants.len());
        for share in planned {
            plans.extend(share?);
        }
        Ok(plans)
    }
}

/// Says which options no selected artifact has: they change nothing.
pub(crate) fn tell_unused(variants: &[Variant], set: &[(String, String)], global: &Global) {
    let unused = catalog::unused_options(variants, set);
    if !unused.is_empty() && !global.quiet {
        let unused = catalog::listed(unused);
        stderr::line(&format!(
            "note: no selected artifact takes {unused}; other artifacts do"
        ));
    }
}

/// The platform of this program, and so of the machine.
pub(crate) fn host_platform() -> Platform {
    Platform::new(std::env::consts::OS, std::env::consts::ARCH).normalized()
}

/// What a command is about when no artifact is named: the catalog's defaults, or all.
pub(crate) fn or_all(catalog: &CheckedCatalog, artifacts: &[String]) -> Vec<String> {
    if artifacts.is_empty() && catalog.defaults().is_empty() {
        vec!["all".to_owned()]
    } else {
        artifacts.to_vec()
    }
}

/// What the plans refer to and the lock does not have, each once.
pub(crate) fn unpinned(plans: &[Plan]) -> BTreeSet<&Reference> {
    plans.iter().flat_map(|plan| &plan.unpinned).collect()
}

/// Refuses plans whose steps read a directory that nobody gave.
pub(crate) fn require_contexts<'a>(
    plans: impl IntoIterator<Item = &'a Plan>,
) -> Result<(), Failure> {
    let mut missing: BTreeMap<&ContextName, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for plan in plans {
        for MissingContext { name, path } in &plan.missing {
            let (artifacts, paths) = missing.entry(name).or_default();
            artifacts.insert(plan.variant.artifact.as_str());
            paths.insert(path.as_str());
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let errors = missing.iter().map(|(name, (artifacts, paths))| {
        let (artifacts, paths) = (catalog::listed(artifacts), catalog::listed(paths));
        format!("the build context `{name}` is not given; {artifacts} reads {paths} of it").into()
    });
    let flags: Vec<String> = missing
        .keys()
        .map(|name| format!("--build-context {name}=DIR"))
        .collect();
    Err(Failure {
        exit: Exit::Usage,
        errors: errors.collect(),
        hint: Some(format!("add `{}`", flags.join(" "))),
    })
}

/// Refuses plans that refer to something that the lock does not have: they would mean another thing tomorrow.
pub(crate) fn require_pinned(plans: &[Plan]) -> Result<(), Failure> {
    let unpinned = unpinned(plans);
    if unpinned.is_empty() {
        return Ok(());
    }
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for reference in unpinned {
        let name = reference.source.name();
        places
            .entry(name)
            .or_default()
            .insert(reference.place.to_string());
    }
    let errors = places.into_iter().map(|(name, places)| {
        let places: Vec<String> = places.into_iter().collect();
        let places = places.join(", ");
        format!("`{name}` is not pinned in `{LOCK_FILE}` ({places})").into()
    });
    Err(Failure {
        exit: Exit::Catalog,
        errors: errors.collect(),
        hint: Some("`llbgen lock` asks what it stands for, and writes it down".to_owned()),
    })
}
