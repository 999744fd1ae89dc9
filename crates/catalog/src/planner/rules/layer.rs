//! Layers: one tar per platform, of the diff from the base to the whole tree.

use buildkit_llb::{Definition, State};

use super::{KindRules, Planner};
use crate::{
    artifact::Artifact,
    lock::Epoch,
    oci::{self, OciConfigs},
    pack::Packing,
    plan_error::PlanProblem,
    tree::Tree,
    variant::Variant,
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

    /// Without a base: the layer does not contain it.
    fn configs(&self, _: &Tree, _: &Definition, variant: &Variant, _: Option<Epoch>) -> OciConfigs {
        oci::of_files(&variant.platform)
    }
}
