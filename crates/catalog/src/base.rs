//! The base of an artifact, once inputs are read: an image, a tar, nothing, or another artifact's tree.

mod base_tree;

use buildkit_llb::{ContentDigest, ImageRef};
use serde::Serialize;

use crate::{
    artifact::{Artifact, Base},
    catalog::CheckedCatalog,
    dockerfile::{FromLine, FromLineError, first_from_line},
    inputs::{Inputs, NamedContext},
    lock::{ImageKey, Written},
    name::ArtifactName,
    path::ContextPath,
    variant::Variant,
    words::did_you_mean,
};

pub(crate) use self::base_tree::{BaseTree, Origin, from_image, pinned, replaced, resolve};

/// The base of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ResolvedBase {
    /// Nothing.
    Scratch,
    /// An image of a registry.
    Image {
        /// Its reference, as it is written.
        reference: String,
        /// The digest that the lock has for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
        /// The Dockerfile and line that name it, if a FROM line does.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The `--build-context` that gives it.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<String>,
    },
    /// An image of an OCI layout.
    OciLayout {
        /// Its digest.
        digest: String,
        /// The `--build-context` that gives it.
        context: String,
    },
    /// A root filesystem tar.
    Rootfs {
        /// The file's name.
        file: String,
        /// The `--build-context` that gives it.
        context: String,
    },
    /// A tree that is made elsewhere in the graph.
    Given {
        /// The `--build-context` that gives it.
        context: String,
    },
    /// Another artifact.
    Artifact {
        /// Its name.
        name: ArtifactName,
    },
}

/// The reason why a base cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// The Dockerfile was not read.
    #[error("`{file}` was not read; its FROM line names the base")]
    NotRead {
        /// The Dockerfile.
        file: ContextPath,
    },
    /// The Dockerfile does not name a base.
    #[error(transparent)]
    FromLine(#[from] FromLineError),
    /// The base's name is no image reference.
    #[error("the base `{base}` is not an image reference")]
    Reference {
        /// The name.
        base: String,
        /// What is wrong with it.
        #[source]
        source: buildkit_llb::ImageRefError,
    },
    /// A digest is written where the lock has another.
    #[error(
        "{place}: `{reference}` asks for another digest than `llbgen.lock` has for `{key}`, which is `{pinned}`"
    )]
    OtherDigest {
        /// Where the digest is written.
        place: Written,
        /// The reference with its digest.
        reference: String,
        /// The lock's entry.
        key: ImageKey,
        /// The digest in the lock.
        pinned: ContentDigest,
    },
    /// `--build-context` gives no tar for this platform.
    #[error("the build context `{context}` has no file for `{platform}`")]
    NoTarFor {
        /// The context.
        context: String,
        /// The platform.
        platform: String,
        /// Those that it has one for.
        valid: Vec<String>,
    },
    /// The image that `--build-context` gives is not for this platform.
    #[error("the image of the build context `{context}` is not for `{platform}`")]
    NoImageFor {
        /// The context.
        context: String,
        /// The platform.
        platform: String,
        /// Those that it is for.
        valid: Vec<String>,
    },
    /// A directory in the place of a base, or in the place of a tree that a step copies from.
    #[error(
        "the build context `{context}` is a directory, and stands in for a file system with owners, modes and links"
    )]
    Directory {
        /// The context.
        context: String,
    },
    /// Two `--build-context`s for one base.
    #[error("the build contexts `{first}` and `{second}` both replace the base of `{artifact}`")]
    TwoContexts {
        /// One name.
        first: String,
        /// The other.
        second: String,
        /// The artifact.
        artifact: ArtifactName,
    },
    /// A `--build-context` that replaces no base and that no step reads.
    #[error("no selected artifact has a base or an input `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownContext {
        /// The name.
        name: String,
        /// The names that artifacts know.
        valid: Vec<String>,
        /// The most similar name.
        nearest: Option<String>,
    },
}

impl CheckedCatalog {
    /// The base of `variant`.
    pub fn resolve_base(
        &self,
        variant: &Variant,
        inputs: &Inputs,
    ) -> Result<ResolvedBase, BaseError> {
        let artifact = &self.artifacts[&variant.artifact];
        let replaced = self
            .base_artifact(artifact)
            .filter(|below| !inputs.contexts.contains_key(below.name.as_str()));
        match replaced {
            Some(below) => Ok(ResolvedBase::Artifact {
                name: below.name.clone(),
            }),
            None => Ok(resolve(artifact, variant, inputs, None)?.base),
        }
    }

    /// The name of an artifact or image that a step copies from.
    pub(crate) fn tree_name(&self, name: &str) -> BaseName {
        match name.parse::<ImageRef>() {
            Ok(image) if !self.artifacts.contains_key(name) => BaseName::Image(image),
            _ => BaseName::Plain(name.to_owned()),
        }
    }
}

/// The `--build-context` that has one of `names`.
pub(crate) fn context_for<'a>(
    names: &[BaseName],
    inputs: &'a Inputs,
) -> Option<(&'a str, &'a NamedContext)> {
    let mut contexts = inputs.contexts.iter();
    contexts
        .find(|(given, _)| names.iter().any(|name| name.is_called(given)))
        .map(|(name, context)| (name.as_str(), context))
}

/// A name that `--build-context` can give for a base.
pub(crate) enum BaseName {
    Image(ImageRef),
    Plain(String),
}

impl BaseName {
    /// Image references are compared in full: `ubuntu` is `docker.io/library/ubuntu:latest`.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        match self {
            Self::Image(image) => name.parse::<ImageRef>().is_ok_and(|given| given == *image),
            Self::Plain(plain) => plain == name,
        }
    }
}

impl std::fmt::Display for BaseName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Image(image) => f.write_str(&image.familiar()),
            Self::Plain(name) => f.write_str(name),
        }
    }
}

/// The image that a base names, by a FROM line or by itself.
pub(crate) fn image_base(artifact: &Artifact, inputs: &Inputs) -> Result<FromLine, BaseError> {
    match &artifact.base {
        Base::FromLine { from } => {
            let text = inputs
                .dockerfiles
                .get(from)
                .ok_or_else(|| BaseError::NotRead { file: from.clone() })?;
            Ok(first_from_line(from, text)?)
        }
        Base::Named(name) if name == "scratch" => Ok(FromLine {
            image: None,
            stage: None,
            line: 0,
        }),
        Base::Named(name) => {
            let image = name.parse().map_err(|source| BaseError::Reference {
                base: name.clone(),
                source,
            })?;
            Ok(FromLine {
                image: Some(image),
                stage: None,
                line: 0,
            })
        }
    }
}
