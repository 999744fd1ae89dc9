//! The references of a plan that a lock pins: images, downloads, git refs.

use std::fmt;

use buildkit_llb::{ImageRef, Platform};
use serde::Serialize;

use super::{GitSource, ImageKey, Lock};
use crate::{name::ArtifactName, path::ContextPath};

/// Something outside the context directory that a graph refers to by a name. The name may mean another thing tomorrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reference {
    /// The image, download or git ref.
    #[serde(flatten)]
    pub source: Pinned,
    /// The place that names it.
    #[serde(serialize_with = "as_text")]
    pub place: Written,
}

/// The place of a reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// In a FROM line.
    FromLine {
        /// The Dockerfile.
        file: ContextPath,
        /// The line, from 1.
        line: usize,
    },
    /// As the base of an artifact.
    Base {
        /// The artifact.
        artifact: ArtifactName,
        /// The file and line of the base, if it is from a file.
        at: Option<String>,
    },
    /// In a step of an artifact.
    Step {
        /// The artifact.
        artifact: ArtifactName,
        /// The step's number, from 1.
        number: usize,
    },
    /// In a `--build-context` of this name.
    BuildContext(String),
    /// As the `--helper-image`.
    HelperImage,
}

/// In the form of messages: `dockerfiles/base.dockerfile:2`.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromLine { file, line } => write!(f, "{file}:{line}"),
            Self::Base { artifact, at } => {
                write!(f, "the base of artifact `{artifact}`")?;
                at.iter().try_for_each(|at| write!(f, ", {at}"))
            }
            Self::Step { artifact, number } => write!(f, "artifact `{artifact}`, step {number}"),
            Self::BuildContext(name) => write!(f, "`--build-context {name}`"),
            Self::HelperImage => f.write_str("`--helper-image`"),
        }
    }
}

/// A kind of thing that a lock pins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pinned {
    /// An image, for a platform.
    Image {
        /// The reference; with the digest, if one is written.
        #[serde(serialize_with = "as_text")]
        reference: ImageRef,
        /// The platform.
        #[serde(serialize_with = "as_text")]
        platform: Platform,
    },
    /// The download of a URL.
    Http(String),
    /// A git ref.
    Git(GitSource),
}

fn as_text<S: serde::Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl Pinned {
    /// The name that people write: `ubuntu:latest`.
    pub fn name(&self) -> String {
        match self {
            Self::Image { reference, .. } => ImageKey::of(reference).to_string(),
            Self::Http(url) => url.clone(),
            Self::Git(source) => source.to_string(),
        }
    }
}

impl Lock {
    /// Whether the lock has a pin for `pinned`.
    pub fn pins(&self, pinned: &Pinned) -> bool {
        match pinned {
            Pinned::Image {
                reference,
                platform,
            } => self
                .image(reference)
                .is_some_and(|pin| pin.config(platform).is_some()),
            Pinned::Http(url) => self.http(url).is_some(),
            Pinned::Git(source) => self.git(source).is_some(),
        }
    }
}
