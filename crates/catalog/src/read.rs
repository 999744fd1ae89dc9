//! The reads of steps.

use std::fmt;

use buildkit_llb::ContentDigest;
use serde::Serialize;

use crate::{
    declared::Declared,
    lock::GitSource,
    name::{ContextName, SecretId, SshId},
    path::ContextPath,
};

/// Something that a step reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Read {
    /// The files that a path or glob in the context directory stands for.
    Files(Declared),
    /// The files that a path or glob stands for in a directory that `--build-context NAME=DIR` gives.
    Context {
        /// The name.
        name: ContextName,
        /// The path or glob in it.
        path: Declared,
    },
    /// The image that the first FROM line of a Dockerfile names: its tag, not its tree.
    FromLine(ContextPath),
    /// The tar of an artifact of the catalog, packed inside the graph.
    Tar(String),
    /// The tree of an artifact of the catalog when it has one of that name, or else of an image.
    Tree(String),
    /// The download of a URL.
    Http {
        /// The URL.
        url: String,
        /// The checksum that it must have; `None` if the step has none and the lock pins it.
        #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
        checksum: Option<ContentDigest>,
    },
    /// The files of a git ref.
    Git(GitSource),
    /// A secret. A step that needs it fails without it; an optional one is absent then.
    Secret {
        /// The id.
        id: SecretId,
        /// Whether the step can run without it.
        optional: bool,
    },
    /// An ssh agent, which the step needs.
    Ssh {
        /// The id.
        id: SshId,
    },
    /// The program that puts files into trees.
    Packer,
}

impl Read {
    /// The URL of a download.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Http { url, .. } => Some(url),
            _ => None,
        }
    }
}

/// In the words of errors.
impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(path) => write!(f, "{path}"),
            Self::Context { name, path } => write!(f, "{path} of the build context {name}"),
            Self::FromLine(path) => write!(f, "the FROM line of {path}"),
            Self::Tar(name) => write!(f, "the tar of {name}"),
            Self::Tree(name) => f.write_str(name),
            Self::Http { url, .. } => f.write_str(url),
            Self::Git(source) => write!(f, "{source}"),
            Self::Secret { id, optional: true } => write!(f, "secret {id}, if it is given"),
            Self::Secret {
                id,
                optional: false,
            } => write!(f, "secret {id}"),
            Self::Ssh { id } => write!(f, "ssh agent {id}"),
            Self::Packer => f.write_str("the packer"),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde gives the field as it is")]
fn as_text<S: serde::Serializer>(
    digest: &Option<ContentDigest>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    digest
        .as_ref()
        .map(ToString::to_string)
        .serialize(serializer)
}
