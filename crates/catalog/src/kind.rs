//! Kinds: the forms in which artifacts leave the builder. How each is planned is in `planner::rules`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an artifact leaves the builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    rename_all = "lowercase",
    expecting = "`rootfs`, `layer`, `image`, `files` or `stage`"
)]
pub enum Kind {
    /// A root filesystem: one tar per platform.
    Rootfs,
    /// What the steps add to, change in and delete from the base: one tar per platform.
    Layer,
    /// A container image: one multi-platform index.
    Image,
    /// Plain files: one directory per platform.
    Files,
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

impl Kind {
    /// The word that llbgen.toml and listings use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rootfs => "rootfs",
            Self::Layer => "layer",
            Self::Image => "image",
            Self::Files => "files",
            Self::Stage => "stage",
        }
    }

    /// The result of a solve by a client other than llbgen.
    pub fn returned(self) -> Returned {
        match self {
            Self::Rootfs | Self::Files | Self::Stage => Returned::Tree,
            Self::Layer => Returned::Tar,
            Self::Image => Returned::Image,
        }
    }

    /// Whether it leaves the builder at all.
    pub fn is_delivered(self) -> bool {
        self != Self::Stage
    }

    /// Whether all its platforms are one image; else each platform is a tar or a directory of its own.
    pub fn is_image(self) -> bool {
        self.returned() == Returned::Image
    }

    /// Whether each platform of it is a tar.
    pub(crate) fn is_tar(self) -> bool {
        matches!(self, Self::Rootfs | Self::Layer)
    }

    /// Whether the packer packs each platform of it, for a file or on the way to one.
    pub(crate) fn is_packed(self) -> bool {
        self.is_tar() || self == Self::Files
    }

    /// The default output of an artifact, with `axes` in the file's name.
    pub(crate) fn default_output(self, axes: &str) -> String {
        match self {
            Self::Rootfs | Self::Layer | Self::Stage => format!("{{artifact}}/{{arch}}{axes}.tar"),
            Self::Files => format!("{{artifact}}/{{arch}}{axes}"),
            Self::Image => format!("{{artifact}}{axes}.oci.tar"),
        }
    }

    /// Whether an artifact may set `whiteouts`.
    pub(crate) fn has_whiteouts(self) -> bool {
        self == Self::Layer
    }
}
