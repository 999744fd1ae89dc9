//! What an artifact's steps start from, once inputs are read: an image, a tar, nothing, or another artifact's tree.

use buildkit_llb::{ContentDigest, ImageRef, State};
use serde::Serialize;

use crate::{
    artifact::{Artifact, Base},
    catalog::CheckedCatalog,
    dependencies::trees_read,
    dockerfile::{FromLine, FromLineError, first_from_line},
    inputs::{Inputs, NamedContext, RootfsTar},
    local,
    lock::{BaseConfig, ImageKey, ImagePin, Lock, Pinned, Reference},
    name::ArtifactName,
    nearest::nearest,
    path::ContextPath,
    problem::did_you_mean,
    tree::Tree,
    variant::{self, Variant},
};

/// What the steps of a variant start from.
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
        /// Where it is named: a Dockerfile and line, when it comes from one.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The `--build-context` that put it there.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<String>,
    },
    /// A root filesystem tar.
    Rootfs {
        /// The file's name.
        file: String,
        /// The `--build-context` that put it there.
        context: String,
    },
    /// Another artifact.
    Artifact {
        /// Its name.
        name: ArtifactName,
    },
}

/// Why a base cannot be resolved.
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
        /// Where it is written.
        place: String,
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
    /// A `--build-context` that replaces nothing.
    #[error("no selected artifact has a base `{name}` to replace{}", did_you_mean(nearest.as_deref()))]
    UnknownContext {
        /// The name.
        name: String,
        /// The names that would replace a base.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
}

/// The base of a variant that is not another artifact: what it is, its tree, the local source it needs, what a lock
/// pins of it, and a name for the distribution in it (for cache mounts).
pub(crate) struct Ground {
    pub(crate) base: ResolvedBase,
    pub(crate) tree: Tree,
    pub(crate) rootfs: Option<RootfsTar>,
    pub(crate) reference: Option<Reference>,
    pub(crate) distribution: String,
}

/// Where an image is named.
pub(crate) struct Origin {
    /// As an error says it.
    pub(crate) place: String,
    /// The Dockerfile and line, when it comes from one.
    pub(crate) from: Option<String>,
    /// The `--build-context` that put it there.
    pub(crate) context: Option<String>,
}

impl CheckedCatalog {
    /// What the steps of `variant` start from.
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
            None => Ok(ground(artifact, variant, inputs)?.base),
        }
    }

    /// Refuses a `--build-context` whose name stands for the base of no selected artifact.
    pub fn check_contexts(&self, variants: &[Variant], inputs: &Inputs) -> Result<(), BaseError> {
        let mut names = Vec::new();
        let artifacts = variants
            .iter()
            .map(|variant| &self.artifacts[&variant.artifact]);
        for artifact in self.with_dependencies(artifacts) {
            let own = self.base_names(artifact, inputs)?;
            let given = inputs
                .contexts
                .keys()
                .filter(|name| own.iter().any(|base| base.is_called(name)));
            if let [first, second, ..] = given.collect::<Vec<_>>()[..] {
                return Err(BaseError::TwoContexts {
                    first: first.clone(),
                    second: second.clone(),
                    artifact: artifact.name.clone(),
                });
            }
            names.extend(own);
            names.extend(self.copied_names(artifact));
        }
        let stands = |name: &String| names.iter().any(|base| base.is_called(name));
        let mut valid: Vec<String> = names.iter().map(ToString::to_string).collect();
        valid.sort();
        valid.dedup();
        match inputs.contexts.keys().find(|name| !stands(name)) {
            None => Ok(()),
            Some(name) => Err(BaseError::UnknownContext {
                name: name.clone(),
                nearest: nearest(name, valid.iter().map(String::as_str)).map(str::to_owned),
                valid,
            }),
        }
    }

    /// The names by which what the steps of `artifact` copy from can be replaced.
    fn copied_names(&self, artifact: &Artifact) -> Vec<BaseName> {
        let variants = variant::all_of(artifact, &artifact.platforms);
        let read = variants
            .iter()
            .flat_map(|variant| trees_read(artifact, variant).unwrap_or_default());
        read.map(|name| self.tree_name(&name)).collect()
    }

    /// The name of an artifact or image that a step copies from.
    pub(crate) fn tree_name(&self, name: &str) -> BaseName {
        match name.parse::<ImageRef>() {
            Ok(image) if !self.artifacts.contains_key(name) => BaseName::Image(image),
            _ => BaseName::Plain(name.to_owned()),
        }
    }

    /// The names by which the base of `artifact` can be replaced.
    fn base_names(&self, artifact: &Artifact, inputs: &Inputs) -> Result<Vec<BaseName>, BaseError> {
        if let Some(below) = self.base_artifact(artifact) {
            return Ok(vec![BaseName::Plain(below.name.to_string())]);
        }
        let FromLine { image, stage, .. } = image_base(artifact, inputs)?;
        Ok(image
            .map(BaseName::Image)
            .into_iter()
            .chain(stage.map(BaseName::Plain))
            .collect())
    }
}

/// What `--build-context` puts in the place of something that has one of `names`.
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
    fn is_called(&self, name: &str) -> bool {
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
fn image_base(artifact: &Artifact, inputs: &Inputs) -> Result<FromLine, BaseError> {
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

/// Resolves a base that is no artifact, or an artifact that a context replaces.
pub(crate) fn ground(
    artifact: &Artifact,
    variant: &Variant,
    inputs: &Inputs,
) -> Result<Ground, BaseError> {
    if let Base::Named(name) = &artifact.base
        && let Some(context) = inputs.contexts.get(name)
    {
        return replaced(name, context, variant, &inputs.lock);
    }
    let from_line = image_base(artifact, inputs)?;
    let names: Vec<BaseName> = from_line
        .image
        .iter()
        .cloned()
        .map(BaseName::Image)
        .chain(from_line.stage.iter().cloned().map(BaseName::Plain))
        .collect();
    if let Some((name, context)) = context_for(&names, inputs) {
        return replaced(name, context, variant, &inputs.lock);
    }
    let from = match &artifact.base {
        Base::FromLine { from } => Some(format!("{from}:{}", from_line.line)),
        Base::Named(_) => None,
    };
    match from_line.image {
        None => Ok(Ground {
            base: ResolvedBase::Scratch,
            tree: Tree::new(State::scratch()),
            rootfs: None,
            reference: None,
            distribution: "scratch".to_owned(),
        }),
        Some(image) => {
            let place = from
                .clone()
                .unwrap_or_else(|| format!("the base of artifact `{}`", artifact.name));
            let origin = Origin {
                place,
                from,
                context: None,
            };
            from_image(&image, origin, variant, &inputs.lock)
        }
    }
}

pub(crate) fn replaced(
    name: &str,
    context: &NamedContext,
    variant: &Variant,
    lock: &Lock,
) -> Result<Ground, BaseError> {
    match context {
        NamedContext::Image(image) => {
            let origin = Origin {
                place: format!("`--build-context {name}`"),
                from: None,
                context: Some(name.to_owned()),
            };
            from_image(image, origin, variant, lock)
        }
        NamedContext::Rootfs(tars) => {
            let tar = tars
                .get(&variant.platform)
                .ok_or_else(|| BaseError::NoTarFor {
                    context: name.to_owned(),
                    platform: variant.platform.to_string(),
                })?;
            Ok(Ground {
                base: ResolvedBase::Rootfs {
                    file: tar.file_name.clone(),
                    context: name.to_owned(),
                },
                tree: Tree::new(local::rootfs_state(tar)),
                rootfs: Some(tar.clone()),
                reference: None,
                // Nobody knows what is in it: its own archives cannot meet those of another distribution.
                distribution: tar.local.clone(),
            })
        }
    }
}

/// An image at the digest that the lock has for it, with its environment, user and directory; as it is written when the
/// lock has none.
pub(crate) fn from_image(
    image: &ImageRef,
    origin: Origin,
    variant: &Variant,
    lock: &Lock,
) -> Result<Ground, BaseError> {
    let pin = lock.image(image);
    if let (Some(written), Some(pin)) = (image.digest(), pin)
        && written != pin.digest()
    {
        return Err(BaseError::OtherDigest {
            place: origin.place,
            reference: image.familiar(),
            key: ImageKey::of(image),
            pinned: pin.digest().clone(),
        });
    }
    let digest = pin.map(ImagePin::digest);
    let config = pin
        .and_then(|pin| pin.config(&variant.platform))
        .map(BaseConfig::image_config);
    let pinned = match digest {
        Some(digest) => image.clone().with_digest(digest.clone()),
        None => image.clone(),
    };
    Ok(Ground {
        base: ResolvedBase::Image {
            reference: image.to_string(),
            digest: digest.map(ToString::to_string),
            from: origin.from,
            context: origin.context,
        },
        tree: Tree::of_image(State::image(pinned), config.unwrap_or_default()),
        rootfs: None,
        reference: Some(Reference {
            source: Pinned::Image {
                reference: image.clone(),
                platform: variant.platform.clone(),
            },
            place: origin.place,
        }),
        distribution: slug(&image.familiar()),
    })
}

/// A reference as part of an id: `ghcr.io-oomol-server-base-v0.6.0`.
fn slug(text: &str) -> String {
    let text = text.split('@').next().unwrap_or(text);
    text.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') {
                c
            } else {
                '-'
            }
        })
        .collect()
}
