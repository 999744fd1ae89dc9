//! Kinds: how artifacts leave the builder. One file a kind has all that it decides.

mod image;
mod layer;
mod rootfs;

use std::fmt;

use buildkit_llb::{Definition, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::{image::Image, layer::Layer, rootfs::Rootfs};
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
#[serde(rename_all = "lowercase", expecting = "`rootfs`, `layer` or `image`")]
pub enum Kind {
    /// A root filesystem: one tar per platform.
    Rootfs,
    /// What the steps add to, change in and delete from the base: one tar per platform.
    Layer,
    /// A container image: one multi-platform index.
    Image,
}

/// What a solve of a plan gives, when somebody other than llbgen asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// The tree that is the artifact.
    Tree,
    /// An otherwise empty tree with the artifact's tar in it.
    Tar,
    /// The tree of an image, which has a config besides.
    Image,
}

/// What a kind decides.
pub(crate) trait KindRules: fmt::Debug + Sync {
    /// The word that llbgen.toml and listings use.
    fn name(&self) -> &'static str;

    /// What a solve gives.
    fn returned(&self) -> Returned;

    /// The output of an artifact that does not name one, with `axes` in the file's name.
    fn default_output(&self, axes: &str) -> String;

    /// Whether an artifact may say how its deletions are written.
    fn has_whiteouts(&self) -> bool {
        false
    }

    /// Whether the packer packs what a frontend returns as a tree, when llbgen itself solves it.
    fn is_packed_last(&self) -> bool {
        false
    }

    /// The tar of a variant, which has `tree`.
    fn pack<'a>(
        &self,
        planner: &mut Planner<'a>,
        artifact: &'a Artifact,
        variant: &Variant,
        tree: &Tree,
        packing: Packing<'_>,
    ) -> Result<State, PlanProblem>;

    /// The configs of an image of a variant, which has `tree` and the graph `graph`.
    fn configs(
        &self,
        tree: &Tree,
        graph: &Definition,
        variant: &Variant,
        epoch: Option<Epoch>,
    ) -> OciConfigs;

    /// In what form it leaves the builder, as far as that changes bytes.
    fn format<'a>(&self, options: &'a PlanOptions, configs: &'a OciConfigs) -> Format<'a>;
}

impl Kind {
    /// The word that llbgen.toml and listings use.
    pub fn as_str(self) -> &'static str {
        self.rules().name()
    }

    /// What a solve gives, when somebody other than llbgen asks for it.
    pub fn returned(self) -> Returned {
        self.rules().returned()
    }

    /// Whether its platforms are one thing, an image; else each is a tar by itself.
    pub fn is_image(self) -> bool {
        self.returned() == Returned::Image
    }

    pub(crate) fn rules(self) -> &'static dyn KindRules {
        match self {
            Self::Rootfs => &Rootfs,
            Self::Layer => &Layer,
            Self::Image => &Image,
        }
    }
}
