//! One call that builds, from a workspace to outputs; events go to the caller.

use buildkit_client::Daemon;
use catalog::{LOCK_FILE, Plan};
use tokio_util::sync::CancellationToken;

use crate::{
    build::{BuildFailure, BuildOptions, Sent, build},
    cache::{self, CacheFailure},
    causes::in_a_line,
    delivered::Output,
    error::EngineError,
    event::Event,
    product::{Delivery, Product},
    resolve::{Asking, Resolver},
    shared_key::shared_key,
    work_list::{Sorting, Waiting, WorkList},
    workspace::{Disk, PinEvent, Workspace},
};

/// One call that builds.
#[expect(missing_debug_implementations, reason = "closures have none")]
pub struct Call<'a> {
    /// Where inputs and the lock are.
    pub disk: &'a Disk,
    /// How plans become products.
    pub delivery: Delivery<'a>,
    /// How the call looks for outputs that are there already.
    pub sorting: Sorting<'a>,
    /// How products are built.
    pub options: BuildOptions,
    /// Cancelled when the user gives up. Incomplete outputs then leave no file.
    pub cancelled: &'a CancellationToken,
    /// Receives the events.
    pub events: &'a (dyn Fn(Event) + Sync),
}

/// Why a call does not build everything.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing was built.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Not every output was written.
    #[error("not everything was built")]
    Build(BuildFailure),
    /// Every output is there, but not the cache.
    #[error("not every cache was written")]
    Cache {
        /// The outputs.
        outputs: Vec<Output>,
        /// Why.
        #[source]
        failure: CacheFailure,
    },
}

impl Call<'_> {
    /// Pins what the lock lacks, leaves out what is there, solves the rest side by side, and moves tags last. The
    /// outputs, including those that were there, are in the order of the selection.
    pub async fn deliver(
        self,
        daemon: &Daemon,
        mut workspace: Workspace<'_>,
    ) -> Result<Vec<Output>, CallError> {
        self.pin(daemon, &mut workspace).await?;
        let products = workspace.take_products(self.delivery)?;
        let waiting = Waiting {
            tell: &|text| (self.events)(Event::Notice(text)),
            is_given_up: &|| self.cancelled.is_cancelled(),
        };
        let mut work_list = self.sorted(products, waiting)?;
        self.look_in_registries(&mut work_list).await;
        self.build(daemon, workspace, work_list).await
    }

    /// The products to build, and the outputs that are in the output directory already.
    fn sorted(
        &self,
        products: Vec<Product>,
        waiting: Waiting<'_>,
    ) -> Result<WorkList, EngineError> {
        WorkList::sorted(products, self.sorting, self.options.step_access(), waiting)
    }

    /// Sends the warnings of the list as events, and leaves out the images that their registries have.
    pub async fn look_in_registries(&self, work_list: &mut WorkList) {
        for warning in work_list.warnings.drain(..) {
            (self.events)(Event::Warning(warning));
        }
        if self.sorting.push && !self.sorting.always {
            let tell = |text| (self.events)(Event::Notice(text));
            let access = &self.options.registries;
            work_list
                .leave_out_published(access, self.cancelled, &tell)
                .await;
        }
    }

    /// Builds the products of the list from the files that the workspace has read.
    pub async fn build(
        mut self,
        daemon: &Daemon,
        workspace: Workspace<'_>,
        mut work_list: WorkList,
    ) -> Result<Vec<Output>, CallError> {
        if let Some(told) = work_list.told() {
            (self.events)(Event::Notice(told));
        }
        let (_, local) = workspace.into_plans();
        let shared_key = self.shared_key(&work_list);
        self.options.sent = Sent { local, shared_key };
        let (products, options) = (work_list.take(), &self.options);
        let cached = self.cached(&products, &work_list);
        let built = build(daemon, products, options, self.cancelled, self.events).await;
        let outputs = work_list.together(built).map_err(CallError::Build)?;
        let writing = cache::write(daemon, cached, options, self.cancelled, self.events);
        let written = Box::pin(writing).await;
        match written {
            Err(failure) => Err(CallError::Cache { outputs, failure }),
            Ok(()) => Ok(outputs),
        }
    }

    /// The plans whose steps are in the cache that is written: those of all products of the call, since the cache takes
    /// the place of an earlier one. None if no cache is written.
    fn cached(&self, products: &[Product], work_list: &WorkList) -> Vec<Plan> {
        if !self.options.caches.are_written() {
            return Vec::new();
        }
        let all = products.iter().chain(&work_list.left_out);
        all.flat_map(Product::plans).cloned().collect()
    }

    /// Asks the daemon what unpinned references stand for, and keeps the answers in the lock.
    async fn pin(&self, daemon: &Daemon, workspace: &mut Workspace<'_>) -> Result<(), EngineError> {
        if workspace.unpinned().is_empty() {
            return Ok(());
        }
        let access = &self.options.registries;
        let resolver = Resolver::Daemon {
            daemon,
            access,
            secrets: &self.options.secrets,
        };
        let asking = Asking {
            resolver: &resolver,
            cancelled: self.cancelled,
        };
        let tell = |event: PinEvent<'_>| {
            (self.events)(Event::Notice(match event {
                PinEvent::Resolving(name) => format!("resolving {name}"),
                PinEvent::Moved(moved) => format!("{LOCK_FILE}: {moved}"),
            }));
        };
        let pinned = workspace.pin(self.disk, &asking, &tell).await;
        for warning in access.warnings() {
            (self.events)(Event::Warning(warning));
        }
        pinned.map(drop)
    }

    /// The key by which the daemon keeps the files that are sent; `None` when none are sent or there is no key.
    fn shared_key(&self, work_list: &WorkList) -> Option<String> {
        let mut plans = work_list.products.iter().flat_map(Product::plans);
        if plans.all(|plan| plan.locals.is_empty()) {
            return None;
        }
        shared_key(|name| std::env::var_os(name)).unwrap_or_else(|error| {
            let why = in_a_line(&error);
            let text = format!("all files are sent, and not only changed ones: {why}");
            (self.events)(Event::Warning(text));
            None
        })
    }
}
