//! What an artifact's steps start from, once inputs are read: an image, a tar, nothing, or another artifact's tree.

use buildkit_llb::{ImageRef, State};
use serde::Serialize;

use crate::{
    artifact::{Artifact, Base},
    catalog::CheckedCatalog,
    dockerfile::{FromLine, FromLineError, first_from_line},
    inputs::{Inputs, NamedContext, RootfsTar},
    local,
    name::ArtifactName,
    nearest::nearest,
    path::ContextPath,
    problem::did_you_mean,
    variant::Variant,
};

/// What the steps of a variant start from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ResolvedBase {
    /// Nothing.
    Scratch,
    /// An image of a registry.
    Image {
        /// Its reference.
        reference: String,
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

/// The base of a variant that is not another artifact: what it is, its state, the local source it needs, and a name
/// for the distribution in it (for cache mounts).
pub(crate) struct Ground {
    pub(crate) base: ResolvedBase,
    pub(crate) state: State,
    pub(crate) rootfs: Option<RootfsTar>,
    pub(crate) distribution: String,
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
        for variant in variants {
            for artifact in self.base_chain(&self.artifacts[&variant.artifact]) {
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
            }
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

/// A name that `--build-context` can give for a base.
enum BaseName {
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
        return replaced(name, context, variant);
    }
    let from_line = image_base(artifact, inputs)?;
    let names: Vec<BaseName> = from_line
        .image
        .iter()
        .cloned()
        .map(BaseName::Image)
        .chain(from_line.stage.iter().cloned().map(BaseName::Plain))
        .collect();
    let context = inputs
        .contexts
        .iter()
        .find(|(given, _)| names.iter().any(|name| name.is_called(given)));
    if let Some((name, context)) = context {
        return replaced(name, context, variant);
    }
    let from = match &artifact.base {
        Base::FromLine { from } => Some(format!("{from}:{}", from_line.line)),
        Base::Named(_) => None,
    };
    Ok(match from_line.image {
        None => Ground {
            base: ResolvedBase::Scratch,
            state: State::scratch(),
            rootfs: None,
            distribution: "scratch".to_owned(),
        },
        Some(image) => from_image(&image, from, None),
    })
}

fn replaced(name: &str, context: &NamedContext, variant: &Variant) -> Result<Ground, BaseError> {
    match context {
        NamedContext::Image(image) => Ok(from_image(image, None, Some(name.to_owned()))),
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
                state: local::rootfs_state(tar),
                rootfs: Some(tar.clone()),
                // Nobody knows what is in it: its own archives cannot meet those of another distribution.
                distribution: tar.local.clone(),
            })
        }
    }
}

fn from_image(image: &ImageRef, from: Option<String>, context: Option<String>) -> Ground {
    Ground {
        base: ResolvedBase::Image {
            reference: image.to_string(),
            from,
            context,
        },
        state: State::image(image.clone()),
        rootfs: None,
        distribution: slug(&image.familiar()),
    }
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
