//! What a plan refers to and a lock pins: images, downloads, git refs.

use buildkit_llb::{ImageRef, Platform};
use serde::Serialize;

use super::{GitSource, ImageKey, Lock};

/// Something outside the context directory that a graph refers to by a name that may mean another thing tomorrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reference {
    /// What is referred to.
    #[serde(flatten)]
    pub source: Pinned,
    /// Where it is written: `dockerfiles/base.dockerfile:2`, or the artifact.
    pub place: String,
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
    /// What a URL serves.
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
    /// As people write it: `ubuntu:latest`.
    pub fn name(&self) -> String {
        match self {
            Self::Image { reference, .. } => ImageKey::of(reference).to_string(),
            Self::Http(url) => url.clone(),
            Self::Git(source) => source.to_string(),
        }
    }
}

impl Lock {
    /// Whether it says what `pinned` stands for.
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
