//! Stages: trees that other artifacts are made from, and that are not delivered.

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

/// The rules of stages.
#[derive(Debug)]
pub(super) struct Stage;

impl KindRules for Stage {
    fn pack<'a>(
        &self,
        _: &mut Planner<'a>,
        artifact: &'a Artifact,
        _: &Variant,
        _: &Tree,
        _: Packing<'_>,
    ) -> Result<State, PlanProblem> {
        let name = artifact.name.to_string();
        Err(PlanProblem::NoTar { name })
    }

    fn configs(&self, _: &Tree, _: &Definition, variant: &Variant, _: Option<Epoch>) -> OciConfigs {
        oci::of_files(&variant.platform)
    }
}
