//! One call on a catalog: what is selected of it, read for it, pinned and planned. Every command and the frontend ask a
//! [`Workspace`]; none plans by hand.

mod pin;
mod planning;
mod source;
mod whole_images;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use buildkit_client::ContentStore;
use catalog::{CheckedCatalog, Inputs, Plan, PlanOptions, Reference, Request, Variant};

pub use self::{
    pin::{PinEvent, begin, now},
    source::{Disk, InputSource, Pins},
    whole_images::{Asked, Others},
};
use crate::{
    error::{EngineError, MissingContexts, NotPinned},
    inputs::ReadInputs,
    product::{Delivery, Product},
};

/// One call on a catalog: variants, what was read for them, and their plans.
#[derive(Debug)]
pub struct Workspace<'c> {
    catalog: &'c CheckedCatalog,
    options: PlanOptions,
    variants: Vec<Variant>,
    asked: Asked,
    inputs: Inputs,
    local: LocalFiles,
    plans: Vec<Plan>,
    /// The references of the plans that the lock does not have.
    unpinned: BTreeSet<Reference>,
}

/// The files of this machine that the graphs of a call read.
#[derive(Debug, Clone, Default)]
pub struct LocalFiles {
    /// The directories of the local sources, by name.
    pub roots: BTreeMap<String, PathBuf>,
    /// The content of OCI layouts that the daemon may read, by the id in graphs.
    pub stores: BTreeMap<String, ContentStore>,
}

impl<'c> Workspace<'c> {
    /// Selects, reads and plans.
    ///
    /// # Errors
    /// When there is nothing of that name, an input cannot be read, or the catalog cannot be planned with it. That the
    /// lock lacks something is no error: see [`require_pinned`](Self::require_pinned).
    pub async fn open<S: InputSource>(
        catalog: &'c CheckedCatalog,
        request: &Request,
        source: &S,
        options: impl Into<PlanOptions>,
    ) -> Result<Self, S::Error> {
        let variants = catalog.select(request).map_err(EngineError::from)?;
        Self::of(catalog, variants, source, options).await
    }

    /// Reads what `variants` need, and plans them.
    pub async fn of<S: InputSource>(
        catalog: &'c CheckedCatalog,
        variants: Vec<Variant>,
        source: &S,
        options: impl Into<PlanOptions>,
    ) -> Result<Self, S::Error> {
        let read = read(catalog, &variants, source).await?;
        let asked = Asked::all(&variants);
        Ok(Self::planned(
            catalog,
            variants,
            asked,
            read,
            options.into(),
        )?)
    }

    /// Plans what was read.
    fn planned(
        catalog: &'c CheckedCatalog,
        variants: Vec<Variant>,
        asked: Asked,
        read: ReadInputs,
        options: PlanOptions,
    ) -> Result<Self, EngineError> {
        let ReadInputs {
            inputs,
            roots,
            stores,
        } = read;
        let mut workspace = Self {
            catalog,
            options,
            variants,
            asked,
            inputs,
            local: LocalFiles { roots, stores },
            plans: Vec::new(),
            unpinned: BTreeSet::new(),
        };
        workspace.plan()?;
        Ok(workspace)
    }

    /// The catalog.
    pub fn catalog(&self) -> &'c CheckedCatalog {
        self.catalog
    }

    /// The variants, including those that were read for the sake of whole images.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// The variants that were asked for.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What was read.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The files of this machine that the graphs read.
    pub fn local(&self) -> &LocalFiles {
        &self.local
    }

    /// The plans, one a variant.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The plans of what was asked for.
    pub fn asked_plans(&self) -> impl Iterator<Item = &Plan> {
        let plans = self.plans.iter();
        plans.filter(|plan| self.asked.contains(&plan.variant))
    }

    /// The plans, and the files that they read.
    pub fn into_plans(self) -> (Vec<Plan>, LocalFiles) {
        (self.plans, self.local)
    }

    /// The products of the plans. The workspace has no plans then: pinning makes new ones.
    pub fn take_products(&mut self, delivery: Delivery<'_>) -> Result<Vec<Product>, EngineError> {
        let plans = std::mem::take(&mut self.plans);
        Product::of(self.catalog, plans, &self.asked, delivery)
    }

    /// The references of the plans that the lock does not have, each once.
    pub fn unpinned(&self) -> &BTreeSet<Reference> {
        &self.unpinned
    }

    /// Refuses references that the lock does not have: they would mean another thing tomorrow.
    pub fn require_pinned(&self) -> Result<(), NotPinned> {
        NotPinned::refuse(&self.unpinned)
    }

    /// Refuses plans that were asked for and read a directory that was not given.
    pub fn require_contexts(&self) -> Result<(), MissingContexts> {
        MissingContexts::refuse(self.asked_plans())
    }
}

/// Reads the inputs of `variants`.
async fn read<S: InputSource>(
    catalog: &CheckedCatalog,
    variants: &[Variant],
    source: &S,
) -> Result<ReadInputs, S::Error> {
    let needs = catalog.needs(variants).map_err(EngineError::from)?;
    let read = source.read(catalog, &needs, variants).await?;
    let checked = catalog.check_contexts(variants, &read.inputs);
    checked.map_err(EngineError::from)?;
    Ok(read)
}
