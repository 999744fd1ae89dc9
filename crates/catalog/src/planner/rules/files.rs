//! Plain files: one directory per platform, of the whole tree.

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

/// The rules of plain files.
#[derive(Debug)]
pub(super) struct Files;

impl KindRules for Files {
    /// A frontend returns the tree itself, which BuildKit's `type=local` writes as a directory.
    fn is_packed_last(&self) -> bool {
        true
    }

    fn pack<'a>(
        &self,
        planner: &mut Planner<'a>,
        _: &'a Artifact,
        _: &Variant,
        tree: &Tree,
        packing: Packing<'_>,
    ) -> Result<State, PlanProblem> {
        let packed = planner.packer()?.rootfs(&tree.state, packing);
        packed.map_err(PlanProblem::Pack)
    }

    fn configs(&self, _: &Tree, _: &Definition, variant: &Variant, _: Option<Epoch>) -> OciConfigs {
        oci::of_files(&variant.platform)
    }
}
