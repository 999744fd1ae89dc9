//! What the steps of an artifact start from, and where they run.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{either::text_or_table, path::ContextPath, template::Template};

/// What the steps of an artifact start from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Base {
    /// The image that the first FROM line of a Dockerfile names.
    FromLine {
        /// The Dockerfile, relative to the context directory.
        from: ContextPath,
    },
    /// An artifact of the catalog when it has one of that name, `scratch`, or else an image reference.
    Named(Template),
}

/// A base that is written as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromLine {
    from: ContextPath,
}

impl From<FromLine> for Base {
    fn from(FromLine { from }: FromLine) -> Self {
        Self::FromLine { from }
    }
}

impl<'de> Deserialize<'de> for Base {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "the name of an image or artifact, or `{ from = DOCKERFILE }`";
        let named = |name: &str| name.parse().map(Self::Named);
        text_or_table::<_, _, _, FromLine>(deserializer, expecting, named)
    }
}

impl Base {
    /// Nothing: an empty file system.
    pub fn scratch() -> Self {
        Self::from("scratch")
    }

    /// The image that the first FROM line of the Dockerfile `path` names.
    pub fn from_line(path: &str) -> Self {
        Self::FromLine {
            from: ContextPath::unchecked(path),
        }
    }
}

/// The name, or the path of the Dockerfile.
impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromLine { from } => write!(f, "{from}"),
            Self::Named(name) => name.fmt(f),
        }
    }
}

impl From<&str> for Base {
    fn from(name: &str) -> Self {
        Self::Named(Template::unchecked(name))
    }
}

/// The platform that the steps of an artifact run on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", expecting = "`target` or `build`")]
pub enum RunsOn {
    /// The platform that it is built for.
    #[default]
    Target,
    /// The catalog's build platform, whatever it is built for: `{arch}` is the target's, and no step needs emulation.
    Build,
}

impl RunsOn {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn is_target(&self) -> bool {
        *self == Self::Target
    }
}
