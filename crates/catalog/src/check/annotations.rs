//! The annotations of images: filled in, and checked.

use buildkit_llb::Platform;

use crate::{
    annotation::{Annotation, AnnotationPlace},
    artifact::Artifact,
    catalog::CheckedCatalog,
    git::GitValues,
    problem::Problem,
    template::{GitUse, Variables},
    variant::Variant,
};

impl CheckedCatalog {
    /// The annotations of the image that `variant` is a platform of, from a directory of which git says `git`: of all
    /// platforms of its artifact, whichever `variant` has. A value that differs between platforms is one for each.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn annotations(
        &self,
        variant: &Variant,
        git: &GitValues,
    ) -> Result<Vec<Annotation>, Problem> {
        let artifact = &self.artifacts[&variant.artifact];
        of_image(artifact, variant, |variables| variables.with_git(git))
    }
}

/// The annotations of the image of a variant, with the variables of `with_git`.
fn of_image(
    artifact: &Artifact,
    variant: &Variant,
    with_git: impl Fn(Variables) -> Variables,
) -> Result<Vec<Annotation>, Problem> {
    let mut found = Vec::new();
    for (key, text) in &artifact.annotations {
        let each = artifact.platforms.iter().map(|platform| {
            let variant = Variant {
                platform: platform.clone(),
                ..variant.clone()
            };
            let value = text.expand(&with_git(variant.variables()))?;
            Ok((platform, value))
        });
        let each: Vec<(&Platform, String)> = each.collect::<Result<_, Problem>>()?;
        let Some((_, first)) = each.first() else {
            continue;
        };
        let place = |platform| AnnotationPlace {
            on: key.on,
            platform,
            key: key.key.clone(),
        };
        if each.iter().all(|(_, value)| value == first) {
            let (place, value) = (place(None), first.clone());
            found.push(Annotation { place, value });
            continue;
        }
        if !key.on.is_by_platform() {
            let key = key.to_string();
            return Err(Problem::OneForAllPlatforms { key });
        }
        found.extend(each.into_iter().map(|(platform, value)| Annotation {
            place: place(Some(platform.clone())),
            value,
        }));
    }
    Ok(found)
}

/// The first problem of the annotations of an artifact in any of its variants.
pub(super) fn problem(artifact: &Artifact) -> Option<Problem> {
    if artifact.annotations.is_empty() {
        return None;
    }
    let with_git = |variables: Variables| variables.with_any_git(GitUse::Any);
    let mut variants = artifact.variants().into_iter();
    variants.find_map(|variant| of_image(artifact, &variant, with_git).err())
}
