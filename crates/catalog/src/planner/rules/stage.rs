//! Stages: trees that other artifacts are made from, and that are not delivered.

use buildkit_llb::State;

use super::{KindRules, Planner};
use crate::{
    artifact::Artifact, pack::Packing, plan_error::PlanProblem, tree::Tree, variant::Variant,
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
}
