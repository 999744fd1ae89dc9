//! The rules by which the kinds of artifacts are planned. Each kind has one file.

mod files;
mod image;
mod layer;
mod rootfs;
mod stage;

use std::fmt;

use buildkit_llb::{Definition, State};

use self::{files::Files, image::Image, layer::Layer, rootfs::Rootfs, stage::Stage};
use super::Planner;
use crate::{
    artifact::Artifact,
    compression::TarCompression,
    id::Format,
    image_form::ImageForm,
    kind::Kind,
    lock::Epoch,
    oci::{self, OciConfigs},
    pack::Packing,
    plan_error::PlanProblem,
    tree::Tree,
    variant::Variant,
};

/// The rules by which a kind is planned.
pub(crate) trait KindRules: fmt::Debug + Sync {
    /// Whether a solve by llbgen packs the tree that a frontend returns.
    fn is_packed_last(&self) -> bool {
        false
    }

    /// The tar of a variant with the tree `tree`: of the whole tree, unless the kind says otherwise.
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

    /// The configs of an image of a variant with the tree `tree` and the graph `graph`: those of files alone, unless the
    /// kind says otherwise.
    fn configs(&self, _: &Tree, _: &Definition, variant: &Variant, _: Option<Epoch>) -> OciConfigs {
        oci::of_files(&variant.platform)
    }

    /// The form in which it leaves the builder, as far as it changes bytes: a tar, unless the kind says otherwise.
    fn format<'a>(&self, form: &Form, _: &'a OciConfigs) -> Format<'a> {
        Format::Tar {
            compression: form.tar_compression,
            epoch: form.epoch,
        }
    }
}

/// The form of a variant, with what a call says of it.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) tar_compression: TarCompression,
    pub(crate) image: ImageForm,
    /// The latest time in it.
    pub(crate) epoch: Option<i64>,
}

/// The rules of `kind`.
pub(crate) fn rules(kind: Kind) -> &'static dyn KindRules {
    match kind {
        Kind::Rootfs => &Rootfs,
        Kind::Layer => &Layer,
        Kind::Image => &Image,
        Kind::Files => &Files,
        Kind::Stage => &Stage,
    }
}
