//! Planning: each variant once for each state of the lock.

use std::{collections::BTreeSet, num::NonZero, panic::resume_unwind, thread};

use catalog::{Plan, PlanError, Variant, check_outputs};

use super::Workspace;
use crate::error::EngineError;

/// So many variants are planned in less time than it takes to start a thread for them.
const FEW: usize = 64;

impl Workspace<'_> {
    /// Plans each variant with what was read and what the lock has.
    pub(super) fn plan(&mut self) -> Result<(), EngineError> {
        let plans = self.plan_each()?;
        check_outputs(&plans)?;
        let unpinned: BTreeSet<_> = plans.iter().flat_map(|plan| &plan.unpinned).collect();
        self.unpinned = unpinned.into_iter().cloned().collect();
        self.plans = plans;
        Ok(())
    }

    /// Plans each variant, on all cores; the error is that of the first one that cannot be planned.
    fn plan_each(&self) -> Result<Vec<Plan>, PlanError> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let share = self.variants.len().div_ceil(cores).max(FEW);
        let planned: Vec<Result<Vec<Plan>, PlanError>> = thread::scope(|scope| {
            let shares = self.variants.chunks(share);
            let threads: Vec<_> = shares
                .map(|share| scope.spawn(|| share.iter().map(|one| self.plan_one(one)).collect()))
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

    fn plan_one(&self, variant: &Variant) -> Result<Plan, PlanError> {
        let plan = || {
            let options = self.options.clone();
            self.catalog.plan(variant, &self.inputs, options)
        };
        let planned = plan()?;
        // In tests, every graph of a small call is made twice.
        debug_assert!(
            self.variants.len() > FEW
                || planned.definition.to_bytes() == plan()?.definition.to_bytes(),
            "the same inputs give the same bytes"
        );
        Ok(planned)
    }
}
