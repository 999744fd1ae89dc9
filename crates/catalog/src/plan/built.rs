//! The graphs of a plan that are built: with mirrors, with proxies, and with bundles.

use buildkit_llb::State;

use crate::{
    catalog::CheckedCatalog, inputs::Inputs, local::Sending, plan_error::PlanProblem,
    plan_options::PlanOptions, planner::Planner, variant::Variant,
};

/// The states of the graphs that are built.
pub(super) struct Built {
    /// The state that is given away.
    pub(super) emitted: State,
    /// The state that a frontend returns.
    pub(super) returned: State,
    /// The state that a build by llbgen solves, if it is another one.
    pub(super) solved: Option<State>,
}

/// The states of a variant without mirrors, proxies and bundles.
pub(super) struct Plain<'a> {
    /// The result of a solve.
    pub(super) tree: &'a State,
    /// The tar of a tree that is packed last.
    pub(super) packed: Option<State>,
    /// Whether llbgen as the client sends files as bundles.
    pub(super) has_bundles: bool,
    /// Whether a download has a mirror.
    pub(super) has_mirror: bool,
}

impl CheckedCatalog {
    /// The states that are built, if they differ from the plain ones: with the mirrors of downloads, with the proxies of
    /// the build, and with bundles from llbgen as the client.
    pub(super) fn built(
        &self,
        variant: &Variant,
        inputs: &Inputs,
        options: &PlanOptions,
        plain: Plain<'_>,
    ) -> Result<Built, PlanProblem> {
        let has_proxy = inputs.proxy.is_some();
        let emitted = if plain.has_mirror {
            let mut planner = Planner::of_emitted(self, inputs, options.epoch);
            planner.result(variant)?.state
        } else {
            plain.tree.clone()
        };
        let planner = |sending| Planner::of_build(self, inputs, options.epoch, sending);
        let returned = if has_proxy {
            planner(Sending::Files).result(variant)?.state
        } else {
            emitted.clone()
        };
        let is_other = has_proxy || plain.has_bundles || plain.has_mirror;
        let solved = if plain.packed.is_some() && is_other {
            Some(planner(Sending::Bundles).packed(variant)?.state)
        } else if plain.has_bundles {
            Some(planner(Sending::Bundles).result(variant)?.state)
        } else {
            plain.packed
        };
        Ok(Built {
            emitted,
            returned,
            solved,
        })
    }
}
