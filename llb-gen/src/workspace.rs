//! The workspace of a command: the artifacts that its arguments select, read from the context directory.

use buildkit_client::CancellationToken;
use catalog::{CheckedCatalog, Mirrors, PlanOptions, Platform, Request, Variant};
use engine::{Disk, Looked, Others, Product, Status, Workspace};

use crate::{
    args::{Global, Variation},
    failure::Failure,
    stderr,
};

/// The artifacts that a command is about, and how they are planned.
pub(crate) struct Question {
    request: Request,
    disk: Disk,
    options: PlanOptions,
    is_quiet: bool,
}

impl Question {
    pub(crate) fn of(
        variation: &Variation,
        artifacts: &[String],
        global: &Global,
        options: impl Into<PlanOptions>,
    ) -> Self {
        Self {
            request: variation.request(artifacts),
            disk: variation.disk(global),
            options: options.into(),
            is_quiet: global.quiet,
        }
    }

    /// The same with the proxies of the environment, for steps that reach the network.
    pub(crate) fn with_proxies(mut self) -> Self {
        self.disk.proxy = catalog::proxies(|name| std::env::var(name).ok());
        self
    }

    /// The same with mirrors of downloads.
    pub(crate) fn with_mirrors(mut self, mirrors: Mirrors) -> Self {
        self.disk.mirrors = mirrors;
        self
    }

    /// The source of inputs.
    pub(crate) fn into_disk(self) -> Disk {
        self.disk
    }

    /// Selects, reads and plans.
    pub(crate) fn ask<'c>(&self, catalog: &'c CheckedCatalog) -> Result<Workspace<'c>, Failure> {
        self.ask_for(catalog, catalog.select(&self.request)?)
    }

    /// The same with all platforms of the images.
    pub(crate) fn ask_for_whole_images<'c>(
        &self,
        catalog: &'c CheckedCatalog,
        others: Others,
    ) -> Result<Workspace<'c>, Failure> {
        self.tell_unused(&catalog.select(&self.request)?);
        let (request, options) = (&self.request, self.options.clone());
        let opened = Workspace::with_whole_images(catalog, request, others, &self.disk, options);
        Ok(block_on(opened)??)
    }

    /// The same for variants that are chosen already.
    pub(crate) fn ask_for<'c>(
        &self,
        catalog: &'c CheckedCatalog,
        variants: Vec<Variant>,
    ) -> Result<Workspace<'c>, Failure> {
        self.tell_unused(&variants);
        let opened = Workspace::of(catalog, variants, &self.disk, self.options.clone());
        Ok(block_on(opened)??)
    }

    /// Names the options that no selected artifact has: they change nothing.
    fn tell_unused(&self, variants: &[Variant]) {
        let unused = catalog::unused_options(variants, &self.request.set);
        if !unused.is_empty() && !self.is_quiet {
            let unused = catalog::listed(unused);
            stderr::line(&format!(
                "note: no selected artifact takes {unused}; other artifacts do"
            ));
        }
    }
}

/// The status of each product.
pub(crate) fn statuses(products: &[Product], looked: Looked<'_>) -> Result<Vec<Status>, Failure> {
    // A signal ends the program.
    let never = CancellationToken::new();
    block_on(Status::of_all(products, looked, &never))
}

/// Waits for the disk, or for registries.
fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    Ok(runtime.enable_all().build()?.block_on(future))
}

/// The platform of this program, and so of the machine.
pub(crate) fn host_platform() -> Platform {
    Platform::new(std::env::consts::OS, std::env::consts::ARCH).normalized()
}

/// The artifacts of a command that names none: the catalog's defaults, or all.
pub(crate) fn or_all(catalog: &CheckedCatalog, artifacts: &[String]) -> Vec<String> {
    if artifacts.is_empty() && catalog.defaults().is_empty() {
        vec!["all".to_owned()]
    } else {
        artifacts.to_vec()
    }
}
