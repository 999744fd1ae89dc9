//! Layers: one tar per platform, of the diff from the base to the whole tree. Images of them have no base: a layer does
//! not contain it.

use buildkit_llb::State;

use super::{KindRules, Planner};
use crate::{
    artifact::Artifact, pack::Packing, plan_error::PlanProblem, tree::Tree, variant::Variant,
};

/// The rules of layers.
#[derive(Debug)]
pub(super) struct Layer;

impl KindRules for Layer {
    fn pack<'a>(
        &self,
        planner: &mut Planner<'a>,
        artifact: &'a Artifact,
        variant: &Variant,
        tree: &Tree,
        packing: Packing<'_>,
    ) -> Result<State, PlanProblem> {
        let base = planner.complete_base(artifact, variant)?;
        let whiteouts = artifact.whiteouts.unwrap_or_default();
        let packer = planner.packer()?;
        let layer = packer.layer(&base.state, &tree.state, whiteouts, packing);
        layer.map_err(PlanProblem::Pack)
    }
}
