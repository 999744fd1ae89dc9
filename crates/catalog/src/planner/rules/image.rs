//! Container images: one multi-platform index.

use buildkit_llb::{Definition, State};

use super::{Form, KindRules, Planner};
use crate::{
    artifact::Artifact,
    id::Format,
    lock::Epoch,
    oci::{self, OciConfigs},
    pack::Packing,
    plan_error::PlanProblem,
    tree::Tree,
    variant::Variant,
};

/// The rules of images.
#[derive(Debug)]
pub(super) struct Image;

impl KindRules for Image {
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

    fn configs(
        &self,
        tree: &Tree,
        graph: &Definition,
        variant: &Variant,
        epoch: Option<Epoch>,
    ) -> OciConfigs {
        let base = tree.base.as_deref();
        oci::configs(&tree.config, base, graph, &variant.platform, epoch)
    }

    fn format<'a>(&self, form: &Form, configs: &'a OciConfigs) -> Format<'a> {
        Format::Image {
            config: &configs.image,
            export: form.image.settings(form.epoch),
        }
    }
}
