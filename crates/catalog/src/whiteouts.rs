//! How a layer says that a path is gone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a layer says that a path is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", expecting = "`oci` or `overlay`")]
pub enum Whiteouts {
    /// A file `.wh.NAME` beside it, as in the layers of images.
    #[default]
    Oci,
    /// A character device 0/0 in its place, as in the upper directory of a mounted overlay, which the layer is once it is
    /// unpacked.
    Overlay,
}

impl Whiteouts {
    /// The word that llbgen.toml and listings use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oci => "oci",
            Self::Overlay => "overlay",
        }
    }
}
