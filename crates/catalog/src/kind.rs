//! Kinds: the forms in which artifacts leave the builder. Each kind has one file with all its rules.

mod image;
mod layer;
mod rootfs;
mod stage;

use std::fmt;

use buildkit_llb::{Definition, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::{image::Image, layer::Layer, rootfs::Rootfs, stage::Stage};
use crate::{
    artifact::Artifact,
    id::Format,
    lock::Epoch,
    oci::OciConfigs,
    pack::Packing,
    plan::{PlanOptions, PlanProblem},
    planner::Planner,
    tree::Tree,
    variant::Variant,
};

/// How an artifact leaves the builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", expecting = "`rootfs`, `layer`, `image` or `stage`")]
pub enum Kind {
    /// A root filesystem: one tar per platform.
    Rootfs,
    /// What the steps add to, change in and delete from the base: one tar per platform.
    Layer,
    /// A container image: one multi-platform index.
    Image,
    /// A tree that other artifacts are made from, and that is not delivered.
    Stage,
}

/// The result of a solve of a plan by a client other than llbgen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// The tree of the artifact.
    Tree,
    /// An otherwise empty tree with the artifact's tar in it.
    Tar,
    /// The tree of an image, which has a config besides.
    Image,
}

/// The rules of a kind.
pub(crate) trait KindRules: fmt::Debug + Sync {
    /// The word that llbgen.toml and listings use.
    fn name(&self) -> &'static str;

    /// The result of a solve by a client other than llbgen.
    fn returned(&self) -> Returned;

    /// The default output of an artifact, with `axes` in the file's name.
    fn default_output(&self, axes: &str) -> String {
        format!("{{artifact}}/{{arch}}{axes}.tar")
    }

    /// Whether an artifact may set `whiteouts`.
    fn has_whiteouts(&self) -> bool {
        false
    }

    /// Whether it leaves the builder at all.
    fn is_delivered(&self) -> bool {
        true
    }

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

impl Kind {
    /// The word that llbgen.toml and listings use.
    pub fn as_str(self) -> &'static str {
        self.rules().name()
    }

    /// The result of a solve by a client other than llbgen.
    pub fn returned(self) -> Returned {
        self.rules().returned()
    }

    /// Whether it leaves the builder at all; a stage does not.
    pub fn is_delivered(self) -> bool {
        self.rules().is_delivered()
    }

    /// Whether all its platforms are one image; else each platform is a tar of its own.
    pub fn is_image(self) -> bool {
        self.returned() == Returned::Image
    }

    pub(crate) fn rules(self) -> &'static dyn KindRules {
        match self {
            Self::Rootfs => &Rootfs,
            Self::Layer => &Layer,
            Self::Image => &Image,
            Self::Stage => &Stage,
        }
    }
}
