//! The tree below all steps: an empty one, that of an image at the digest in the lock, or that of a tar.

use buildkit_llb::{Image, ImageRef, OciLayout, Platform, SourceLocation, State};

use super::{BaseError, BaseName, ResolvedBase, context_for, image_base};
use crate::{
    artifact::{Artifact, Base},
    inputs::{GivenTrees, Inputs, LayoutImage, NamedContext, RootfsTar},
    lock::{ImageKey, ImagePin, Lock, Pinned, Reference, Written},
    tree::Tree,
    variant::Variant,
};

/// The base of a variant that is not another artifact: its kind, its tree, the local source or store that it needs, the
/// reference that a lock pins, and a name for the distribution in it (for cache mounts).
pub(crate) struct BaseTree {
    pub(crate) base: ResolvedBase,
    pub(crate) tree: Tree,
    pub(crate) rootfs: Option<RootfsTar>,
    pub(crate) store: Option<String>,
    pub(crate) reference: Option<Reference>,
    pub(crate) distribution: String,
}

/// The place that names an image.
pub(crate) struct Origin {
    pub(crate) place: Written,
    /// The lines that name it.
    pub(crate) location: Option<SourceLocation>,
    /// The platform of the image, if it is not that of the variant.
    pub(crate) platform: Option<Platform>,
}

/// Resolves a base that is no artifact, or an artifact that a context replaces; `location` is of the lines that name
/// it, and `run_platform` is the platform that the steps on it run on.
pub(crate) fn resolve(
    artifact: &Artifact,
    variant: &Variant,
    inputs: &Inputs,
    run_platform: &Platform,
    location: Option<SourceLocation>,
) -> Result<BaseTree, BaseError> {
    let mut variant = variant.clone();
    let is_other = variant.platform != *run_platform;
    let platform = is_other.then(|| run_platform.clone());
    let base = artifact.base_text(&variant)?;
    let from_line = image_base(artifact, &variant, inputs)?;
    variant.platform.clone_from(run_platform);
    let variant = &variant;
    if let Some(name) = &base
        && let Some(context) = inputs.contexts.get(name)
    {
        return replaced(name, context, variant, &inputs.lock);
    }
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
    let place = match &artifact.base {
        Base::FromLine { from } => Written::FromLine {
            file: from.clone(),
            line: from_line.line,
        },
        Base::Named(_) => Written::Base {
            artifact: artifact.name.clone(),
            at: at(artifact),
        },
    };
    match from_line.image {
        None => Ok(BaseTree {
            base: ResolvedBase::Scratch,
            tree: Tree::new(State::scratch()),
            rootfs: None,
            store: None,
            reference: None,
            distribution: "scratch".to_owned(),
        }),
        Some(image) => {
            let origin = Origin {
                place,
                location,
                platform,
            };
            from_image(&image, origin, variant, &inputs.lock)
        }
    }
}

/// The line that names the base, or else the first line of the artifact.
fn at(artifact: &Artifact) -> Option<String> {
    let place = artifact.base_place().or(artifact.place())?;
    Some(place.to_string())
}

pub(crate) fn replaced(
    name: &str,
    context: &NamedContext,
    variant: &Variant,
    lock: &Lock,
) -> Result<BaseTree, BaseError> {
    match context {
        NamedContext::Directory(_) => Err(BaseError::Directory {
            context: name.to_owned(),
        }),
        NamedContext::Image(image) => {
            let origin = Origin {
                place: Written::BuildContext(name.to_owned()),
                location: None,
                platform: None,
            };
            from_image(image, origin, variant, lock)
        }
        NamedContext::Layout(image) => from_layout(name, image, variant),
        NamedContext::Tree(trees) => from_tree(name, trees, variant),
        NamedContext::Rootfs(tars) => {
            let tar = tars
                .get(&variant.platform)
                .ok_or_else(|| BaseError::NoTarFor {
                    context: name.to_owned(),
                    platform: variant.platform.to_string(),
                    valid: tars.keys().map(ToString::to_string).collect(),
                })?;
            Ok(BaseTree {
                base: ResolvedBase::Rootfs {
                    file: tar.file_name.clone(),
                    context: name.to_owned(),
                },
                // The planner has the packer unpack it.
                tree: Tree::new(State::scratch()).on(name),
                rootfs: Some(tar.clone()),
                store: None,
                reference: None,
                // Its distribution is unknown. A name of its own keeps its archives apart from those of other
                // distributions.
                distribution: tar.local.clone(),
            })
        }
    }
}

/// A tree that is made elsewhere in the graph. If it is the tree of an image, with the environment, user and directory
/// of the image.
fn from_tree(name: &str, trees: &GivenTrees, variant: &Variant) -> Result<BaseTree, BaseError> {
    let given = trees
        .of(&variant.platform)
        .ok_or_else(|| BaseError::NoImageFor {
            context: name.to_owned(),
            platform: variant.platform.to_string(),
            valid: trees.platforms.keys().map(ToString::to_string).collect(),
        })?;
    let state = State::from_definition(&given.definition);
    let head = given.definition.head();
    Ok(BaseTree {
        base: ResolvedBase::Given {
            context: name.to_owned(),
        },
        tree: match &given.config {
            Some(config) => Tree::of_image(name, state, Some(config)),
            None => Tree::new(state).on(name),
        },
        rootfs: None,
        store: None,
        reference: None,
        // Its distribution is unknown. A name of its own keeps its archives apart from those of other distributions.
        distribution: head.map_or_else(|| "scratch".to_owned(), |head| head.to_string()),
    })
}

/// An image of an OCI layout, with its environment, user and directory. Its digest pins it.
fn from_layout(name: &str, image: &LayoutImage, variant: &Variant) -> Result<BaseTree, BaseError> {
    let config = image
        .configs
        .get(&variant.platform)
        .ok_or_else(|| BaseError::NoImageFor {
            context: name.to_owned(),
            platform: variant.platform.to_string(),
            valid: image.platforms.iter().map(ToString::to_string).collect(),
        })?;
    let store = image.store.clone();
    // Without a session, so that the digests of the graph are the same in every session.
    let layout = OciLayout::new(image.reference()).store("", store.as_str());
    Ok(BaseTree {
        base: ResolvedBase::OciLayout {
            digest: image.digest.to_string(),
            context: name.to_owned(),
        },
        tree: Tree::of_image(name, layout.state(), Some(config)),
        rootfs: None,
        store: Some(store.clone()),
        reference: None,
        // Its distribution is unknown. A name of its own keeps its archives apart from those of other distributions.
        distribution: store,
    })
}

/// An image at its digest in the lock, or as it is written if it is not in the lock.
pub(crate) fn pinned(
    image: &ImageRef,
    place: &Written,
    lock: &Lock,
) -> Result<ImageRef, BaseError> {
    let Some(pin) = lock.image(image) else {
        return Ok(image.clone());
    };
    match image.digest() {
        Some(written) if written != pin.digest() => Err(BaseError::OtherDigest {
            place: place.clone(),
            reference: image.familiar(),
            key: ImageKey::of(image),
            pinned: pin.digest().clone(),
        }),
        _ => Ok(image.clone().with_digest(pin.digest().clone())),
    }
}

/// An image at its digest in the lock, with its environment, user and directory, or as it is written if it is not in
/// the lock.
pub(crate) fn from_image(
    image: &ImageRef,
    origin: Origin,
    variant: &Variant,
    lock: &Lock,
) -> Result<BaseTree, BaseError> {
    let pinned = pinned(image, &origin.place, lock)?;
    let pin = lock.image(image);
    let digest = pin.map(ImagePin::digest);
    let config = pin.and_then(|pin| pin.config(&variant.platform));
    let (from, context) = match &origin.place {
        from @ Written::FromLine { .. } => (Some(from.to_string()), None),
        Written::BuildContext(name) => (None, Some(name.clone())),
        Written::Base { .. } | Written::Step { .. } | Written::HelperImage => (None, None),
    };
    let source = origin
        .platform
        .into_iter()
        .fold(Image::new(pinned), Image::platform);
    let source = origin.location.into_iter().fold(source, Image::location);
    Ok(BaseTree {
        base: ResolvedBase::Image {
            reference: image.to_string(),
            digest: digest.map(ToString::to_string),
            from,
            context,
        },
        tree: Tree::of_image(&image.familiar(), source.state(), config),
        rootfs: None,
        store: None,
        reference: Some(Reference {
            source: Pinned::Image {
                reference: image.clone(),
                platform: variant.platform.clone(),
            },
            place: origin.place,
        }),
        distribution: distribution(image),
    })
}

/// A name for the distribution in the image, the same for all digests of its tag.
fn distribution(image: &ImageRef) -> String {
    let name = image.familiar();
    match name.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => name,
    }
}
