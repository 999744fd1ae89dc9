//! The rules by which the kinds of artifacts are planned. Each kind has one file.

mod image;
mod layer;
mod rootfs;

use std::fmt;

use buildkit_llb::{Definition, State};

use self::{image::Image, layer::Layer, rootfs::Rootfs};
use super::Planner;
use crate::{
    artifact::Artifact, id::Format, kind::Kind, lock::Epoch, oci::OciConfigs, pack::Packing,
    plan_error::PlanProblem, plan_options::PlanOptions, tree::Tree, variant::Variant,
};

/// The rules by which a kind is planned.
pub(crate) trait KindRules: fmt::Debug + Sync {
    /// Whether a solve by llbgen packs the tree that a frontend returns.
    fn is_packed_last(&self) -> bool {
        false
    }

    /// The tar of a variant with the tree `tree`.
    fn pack<'a>(
        &self,
        planner: &mut Planner<'a>,
        artifact: &'a Artifact,
        variant: &Variant,
        tree: &Tree,
        packing: Packing<'_>,
    ) -> Result<State, PlanProblem>;

    /// The configs of an image of a variant with the tree `tree` and the graph `graph`.
    fn configs(
        &self,
        tree: &Tree,
        graph: &Definition,
        variant: &Variant,
        epoch: Option<Epoch>,
    ) -> OciConfigs;

    /// The form in which it leaves the builder, as far as it changes bytes: a tar, unless the kind says otherwise.
    fn format<'a>(&self, options: &'a PlanOptions, _: &'a OciConfigs) -> Format<'a> {
        Format::Tar {
            compression: options.tar_compression,
            epoch: options.epoch,
        }
    }
}

/// The rules of `kind`.
pub(crate) fn rules(kind: Kind) -> &'static dyn KindRules {
    match kind {
        Kind::Rootfs => &Rootfs,
        Kind::Layer => &Layer,
        Kind::Image => &Image,
    }
}
