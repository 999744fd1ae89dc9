//! The names of images in registries, archives and engines.

mod given;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::ImageRefError;
use catalog::{
    Annotation, CheckedCatalog, GitValues, Id, ImageNames, ImageRef, Plan, Platform, Problem,
    Template, TemplateError, Variant, listed,
};

use self::given::Tagged;
use super::{ImageProduct, Product};
use crate::names::{ImageRefs, PartRefs, TaggedName, platform_slug};

/// The destination of images, which decides their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Into registries.
    Registries,
    /// Into docker or podman.
    Engine,
    /// Into an archive.
    Archive,
}

/// What a call says of the publication of images: names, annotations and labels. It goes before what the catalog says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageNaming {
    /// Prefixes of repositories, in the place of the path that all repositories of the catalog begin with.
    pub registries: Vec<String>,
    /// Tags, in the place of those that the catalog names. One that is not the same for all platforms of an image names
    /// each platform alone.
    pub tags: Vec<Template>,
    /// Annotations, which go before the catalog's key by key.
    pub annotations: Vec<Annotation>,
    /// Labels that the config of each image gets.
    pub labels: BTreeMap<String, String>,
    /// What git says of the context directory.
    pub git: GitValues,
}

/// An image without a valid name.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// The catalog does not say what it is called.
    #[error(transparent)]
    Catalog(#[from] Problem),
    /// A tag of the call cannot be filled in.
    #[error("`--tag {tag}`: {source}")]
    Tag {
        /// The tag as it is given.
        tag: String,
        /// Why.
        source: TemplateError,
    },
    /// A tag of the call is another one for each platform, and the platforms are one image in an archive.
    #[error("`--tag {tag}` names one platform, and `{artifact}` is one archive of {platforms}")]
    TagOfOnePlatform {
        /// The tag as it is given.
        tag: String,
        /// The artifact.
        artifact: String,
        /// Its platforms.
        platforms: String,
    },
    /// A repository with a tag is no reference.
    #[error(transparent)]
    Reference(#[from] ImageRefError),
    /// It has no repository to be pushed to.
    #[error("artifact `{artifact}` has no repository to be pushed to")]
    NoRepository {
        /// The artifact.
        artifact: String,
    },
    /// Two images under one name would be one in a registry or an engine: whichever comes last.
    #[error("`{name}` is one image, and would be `{one}` and `{other}`")]
    OneName {
        /// The name.
        name: String,
        /// One of the images.
        one: String,
        /// The other one.
        other: String,
    },
}

/// The source of names for the images of one call.
pub(super) struct Namer<'a> {
    catalog: &'a CheckedCatalog,
    naming: &'a ImageNaming,
    /// The path that all repositories of the catalog begin with: prefixes that are given take its place.
    common: Vec<String>,
}

impl<'a> Namer<'a> {
    pub(super) fn of(
        catalog: &'a CheckedCatalog,
        naming: &'a ImageNaming,
    ) -> Result<Self, NameError> {
        let common = if naming.registries.is_empty() {
            Vec::new()
        } else {
            common_path(&repositories_of(catalog, &naming.git)?)
        };
        Ok(Self {
            catalog,
            naming,
            common,
        })
    }

    /// The names of an image; `own` is the id of the delivered platforms.
    pub(super) fn of_image(
        &self,
        image: &ImageProduct,
        goal: Goal,
        own: Id,
    ) -> Result<ImageRefs, NameError> {
        let names = self
            .catalog
            .image_names(image.variant(), &self.naming.git)?;
        if goal != Goal::Registries {
            return self.kept(names, image, goal, own);
        }
        let tags = self.tags(&names, image)?;
        let repositories = self.repositories(&names.repositories, image.variant())?;
        let tags = if tags.is_empty() {
            image.id().iter().map(Id::content_tag).collect()
        } else {
            tags
        };
        let parts = image.id().map_or_else(
            || Ok(Vec::new()),
            |id| {
                let parts = repositories
                    .iter()
                    .map(|one| part_refs(one, image.declared(), id));
                parts.collect::<Result<_, _>>()
            },
        )?;
        Ok(ImageRefs {
            index: references(&repositories, &tags)?,
            platforms: self.of_platforms(&repositories, image)?,
            parts,
        })
    }

    /// The names of some platforms of an image whose whole is unknown: the content tag of these platforms, with the
    /// platforms behind it.
    pub(super) fn of_platforms_alone(
        &self,
        image: &ImageProduct,
        own: Id,
    ) -> Result<ImageRefs, NameError> {
        let names = self
            .catalog
            .image_names(image.variant(), &self.naming.git)?;
        let repositories = self.repositories(&names.repositories, image.variant())?;
        let platforms = image.platforms().map(platform_slug);
        let platforms = platforms.collect::<Vec<_>>().join("-");
        let tag = format!("{}-{platforms}", own.content_tag());
        Ok(ImageRefs {
            index: references(&repositories, &[tag])?,
            platforms: self.of_platforms(&repositories, image)?,
            parts: Vec::new(),
        })
    }

    /// The names of an image on this machine: in an archive, or in docker or podman.
    fn kept(
        &self,
        names: ImageNames,
        image: &ImageProduct,
        goal: Goal,
        own: Id,
    ) -> Result<ImageRefs, NameError> {
        let by_platform = self.given_tags(image, Tagged::Platform)?;
        if let Some((tag, _)) = by_platform.first().filter(|_| image.plans().len() > 1) {
            return Err(NameError::TagOfOnePlatform {
                tag: tag.to_string(),
                artifact: image.variant().artifact.to_string(),
                platforms: listed(image.platforms().map(ToString::to_string)),
            });
        }
        let mut tags = self.tags(&names, image)?;
        tags.extend(by_platform.into_iter().map(|(_, filled)| filled));
        let variant = image.variant();
        let is_own_name = names.repositories.is_empty();
        // Artifacts may have capital letters, repositories may not.
        let own_name = || variant.artifact.as_str().to_lowercase();
        let repositories = if is_own_name {
            vec![own_name()]
        } else {
            names.repositories
        };
        let tags = match (tags.is_empty(), goal) {
            (false, _) => tags,
            // As docker calls what has no tag.
            (true, Goal::Engine) => vec!["latest".to_owned()],
            (true, _) => vec![own.content_tag()],
        };
        match references(&repositories, &tags) {
            // No name was asked for, and the artifact's own is not valid as one.
            Err(_) if is_own_name && goal == Goal::Archive && self.naming.tags.is_empty() => {
                Ok(ImageRefs::default())
            }
            index => Ok(ImageRefs {
                index: index?,
                ..ImageRefs::default()
            }),
        }
    }

    /// The given tags of the index, or else the catalog's.
    fn tags(&self, names: &ImageNames, image: &ImageProduct) -> Result<Vec<String>, NameError> {
        if !self.naming.tags.is_empty() {
            let given = self.given_tags(image, Tagged::Index)?.into_iter();
            return Ok(given.map(|(_, filled)| filled).collect());
        }
        let file_tags = image.plans().first().map(|plan| plan.file_tags.clone());
        Ok([names.tags.clone(), file_tags.unwrap_or_default()].concat())
    }

    /// The references for single platforms: of the given tags, or else the catalog's.
    fn of_platforms(
        &self,
        repositories: &[String],
        image: &ImageProduct,
    ) -> Result<Vec<(Platform, TaggedName)>, NameError> {
        let mut all = Vec::new();
        let given = self.given_tags(image, Tagged::Platform)?;
        for plan in image.plans() {
            let tags = if self.naming.tags.is_empty() {
                let names = self.catalog.image_names(&plan.variant, &self.naming.git)?;
                names.platform_tags
            } else {
                let tags = given.iter().map(|(tag, _)| self.filled(tag, &plan.variant));
                tags.collect::<Result<_, _>>()?
            };
            let platform = &plan.variant.platform;
            let references = references(repositories, &tags)?.into_iter();
            all.extend(references.map(|name| (platform.clone(), name)));
        }
        Ok(all)
    }

    /// The repositories of an image: those below the given prefixes, or else the catalog's. Below a prefix, each of the
    /// catalog's keeps what tells it from the others.
    fn repositories(
        &self,
        declared: &[String],
        variant: &Variant,
    ) -> Result<Vec<String>, NameError> {
        let artifact = variant.artifact.as_str();
        if self.naming.registries.is_empty() {
            if declared.is_empty() {
                let artifact = artifact.to_owned();
                return Err(NameError::NoRepository { artifact });
            }
            return Ok(declared.to_vec());
        }
        let names = match declared {
            [] => vec![artifact.replace('/', "-")],
            several => several
                .iter()
                .map(|repository| below(repository, &self.common))
                .collect(),
        };
        let prefixes = self.naming.registries.iter();
        let each = prefixes.flat_map(|prefix| {
            let prefix = prefix.trim_end_matches('/');
            names.iter().map(move |name| format!("{prefix}/{name}"))
        });
        Ok(each.collect())
    }
}

/// The references of the image of one platform alone: with the given tags, or the catalog's tags for it, or else the
/// content tag of `id`, which stands for all platforms, with the platform behind it. None without a repository.
pub fn names_of_platform(
    catalog: &CheckedCatalog,
    naming: &ImageNaming,
    plan: &Plan,
    id: Id,
) -> Result<Vec<TaggedName>, NameError> {
    let declared = catalog.image_names(&plan.variant, &naming.git)?;
    if naming.registries.is_empty() && naming.tags.is_empty() && declared.repositories.is_empty() {
        return Ok(Vec::new());
    }
    let namer = Namer::of(catalog, naming)?;
    let repositories = namer.repositories(&declared.repositories, &plan.variant)?;
    let tags = naming.tags.iter();
    let tags = tags.map(|tag| namer.filled(tag, &plan.variant));
    let mut tags: Vec<String> = tags.collect::<Result<_, _>>()?;
    if tags.is_empty() {
        tags = declared.platform_tags;
    }
    if tags.is_empty() {
        let platform = platform_slug(&plan.variant.platform);
        tags.push(format!("{}-{platform}", id.content_tag()));
    }
    Ok(references(&repositories, &tags)?)
}

/// The repositories that the images among `variants` are pushed to, as references. An image without one is pushed
/// nowhere.
pub(crate) fn repositories<'a>(
    catalog: &CheckedCatalog,
    naming: &ImageNaming,
    variants: impl IntoIterator<Item = &'a Variant>,
) -> Result<BTreeSet<ImageRef>, NameError> {
    let namer = Namer::of(catalog, naming)?;
    let mut all = BTreeSet::new();
    for variant in variants {
        let artifact = catalog.get(variant.artifact.as_str());
        if !artifact.is_some_and(|artifact| artifact.kind().is_image()) {
            continue;
        }
        let declared = catalog.image_names(variant, &naming.git)?.repositories;
        if declared.is_empty() && naming.registries.is_empty() {
            continue;
        }
        for repository in namer.repositories(&declared, variant)? {
            all.insert(repository.parse()?);
        }
    }
    Ok(all)
}

/// Refuses products of which two images have one name.
pub fn refuse_one_name<'a>(
    products: impl IntoIterator<Item = &'a Product>,
) -> Result<(), NameError> {
    let mut named: BTreeMap<&TaggedName, &Variant> = BTreeMap::new();
    for image in products.into_iter().filter_map(Product::image) {
        let other = image.variant();
        for name in image.names().all() {
            let Some(one) = named.insert(name, other).filter(|one| *one != other) else {
                continue;
            };
            return Err(NameError::OneName {
                name: name.to_string(),
                one: one.to_string(),
                other: other.to_string(),
            });
        }
    }
    Ok(())
}

/// The references of each platform when it is pushed alone: the content tag of all platforms, with the platform behind
/// it.
fn part_refs(repository: &str, platforms: &[Platform], id: Id) -> Result<PartRefs, ImageRefError> {
    let tag = id.content_tag();
    let of = |platform: &Platform| {
        let name = TaggedName::new(repository, &format!("{tag}-{}", platform_slug(platform)))?;
        Ok((platform.clone(), name))
    };
    Ok(PartRefs {
        platforms: platforms.iter().map(of).collect::<Result<_, _>>()?,
        whole: TaggedName::new(repository, &tag)?,
    })
}

/// All repositories of a catalog.
fn repositories_of(
    catalog: &CheckedCatalog,
    git: &GitValues,
) -> Result<BTreeSet<String>, NameError> {
    let mut all = BTreeSet::new();
    for artifact in catalog.artifacts() {
        for variant in catalog.variants(artifact) {
            all.extend(catalog.image_names(&variant, git)?.repositories);
        }
    }
    Ok(all)
}

/// The first parts of a path that all `repositories` have in common; each has more than these.
fn common_path(repositories: &BTreeSet<String>) -> Vec<String> {
    let mut paths = repositories.iter().map(|repository| {
        let mut parts: Vec<&str> = repository.split('/').collect();
        parts.pop();
        parts
    });
    let mut common = paths.next().unwrap_or_default();
    for path in paths {
        let same = common.iter().zip(&path);
        let same = same.take_while(|(one, other)| one == other).count();
        common.truncate(same);
    }
    common.into_iter().map(str::to_owned).collect()
}

/// A repository below a path that it begins with.
fn below(repository: &str, path: &[String]) -> String {
    let parts: Vec<&str> = repository.split('/').skip(path.len()).collect();
    // A port is no part of a path.
    parts.join("/").replace(':', "-")
}

/// Every repository with every tag.
fn references(repositories: &[String], tags: &[String]) -> Result<Vec<TaggedName>, ImageRefError> {
    let each = repositories
        .iter()
        .flat_map(|repository| tags.iter().map(move |tag| TaggedName::new(repository, tag)));
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_takes_the_place_of_what_all_repositories_begin_with() {
        let check = |repositories: &[&str], expected: &[&str]| {
            let all = repositories.iter().map(|one| (*one).to_owned()).collect();
            let common = common_path(&all);
            let below = repositories.iter().map(|one| below(one, &common));
            assert_eq!(below.collect::<Vec<_>>(), expected);
        };
        check(&["ghcr.io/a/b"], &["b"]);
        check(&["b"], &["b"]);
        check(&["ghcr.io/a/b", "ghcr.io/a/c"], &["b", "c"]);
        check(
            &["ghcr.io/a/base/go", "ghcr.io/a/runtime/go"],
            &["base/go", "runtime/go"],
        );
        check(&["ghcr.io/a/b", "ghcr.io/a/b/c"], &["b", "b/c"]);
        check(
            &["one.io:5000/a/b", "two.io/a/b"],
            &["one.io-5000/a/b", "two.io/a/b"],
        );
    }
}
