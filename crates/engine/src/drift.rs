//! Drift: whether a reference names the current content tag of an image of the catalog.

use std::collections::BTreeMap;

use catalog::{CheckedCatalog, GitValues, Id, ImageRef, Problem};

use crate::product::Product;

/// The current content tags of the images of a catalog, by repository.
#[derive(Debug, Clone, Default)]
pub struct CurrentTags(BTreeMap<String, Vec<Current>>);

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Current {
    /// The variant, without its platform.
    image: String,
    tag: String,
}

/// A reference, compared with the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// It is the current content tag of this image.
    Match {
        /// The image.
        image: String,
    },
    /// It is a content tag in a repository of the catalog, and no current one.
    Drift {
        /// The images of the repository, each with the reference of its current tag.
        current: Vec<(String, String)>,
    },
    /// It is another image, or a name that says nothing of the content.
    Custom {
        /// The reason.
        reason: String,
    },
    /// It is no reference.
    Unparseable {
        /// The reason.
        reason: String,
    },
}

impl CurrentTags {
    /// The tags of the images among `products`, which are pinned and of all their platforms.
    ///
    /// # Errors
    /// When the catalog does not say the repository of an image.
    pub fn of<'a>(
        catalog: &CheckedCatalog,
        products: impl IntoIterator<Item = &'a Product>,
        git: &GitValues,
    ) -> Result<Self, Box<Problem>> {
        let mut tags = Self::default();
        for product in products {
            let Some(tag) = product.image().and(product.id()).map(|id| id.content_tag()) else {
                continue;
            };
            let names = catalog.image_names(product.variant(), git);
            for repository in names.map_err(Box::new)?.repositories {
                tags.add(&repository, product.variant().artifact.as_str(), &tag);
            }
        }
        Ok(tags)
    }

    fn add(&mut self, repository: &str, image: &str, tag: &str) {
        let current = Current {
            image: image.to_owned(),
            tag: tag.to_owned(),
        };
        self.0.entry(full(repository)).or_default().push(current);
    }

    /// The comparison of a reference as a FROM line has it.
    pub fn compare(&self, reference: &str) -> Drift {
        let parsed: ImageRef = match reference.parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                let reason = error.to_string();
                return Drift::Unparseable { reason };
            }
        };
        let repository = format!("{}/{}", parsed.domain(), parsed.path());
        let Some(known) = self.0.get(&repository) else {
            let reason = format!("`{repository}` is no repository of the catalog");
            return Drift::Custom { reason };
        };
        let tag = match (parsed.digest(), parsed.tag()) {
            (None, Some(tag)) if Id::is_content_tag(tag) => tag,
            (Some(_), _) => {
                let reason = "a digest does not tell the content tag".to_owned();
                return Drift::Custom { reason };
            }
            (None, tag) => {
                let tag = tag.unwrap_or("latest");
                let reason = format!("`{tag}` is no content tag");
                return Drift::Custom { reason };
            }
        };
        match known.iter().find(|current| current.tag == tag) {
            Some(current) => Drift::Match {
                image: current.image.clone(),
            },
            None => Drift::Drift {
                current: known
                    .iter()
                    .map(|current| {
                        let name = format!("{repository}:{}", current.tag);
                        (current.image.clone(), name)
                    })
                    .collect(),
            },
        }
    }
}

/// A repository with its registry, as `docker.io/library/debian` is that of `debian`.
fn full(repository: &str) -> String {
    let parsed: Result<ImageRef, _> = repository.parse();
    parsed.map_or_else(
        |_| repository.to_owned(),
        |parsed| format!("{}/{}", parsed.domain(), parsed.path()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_one_of_four_kinds() {
        let mut tags = CurrentTags::default();
        tags.add("ghcr.io/team/base", "base", "0123456789ab");
        let check = |reference: &str, expected: &str| {
            let found = match tags.compare(reference) {
                Drift::Match { image } => format!("match {image}"),
                Drift::Drift { current } => format!("drift {}", current[0].1),
                Drift::Custom { reason } => format!("custom: {reason}"),
                Drift::Unparseable { .. } => "unparseable".to_owned(),
            };
            assert_eq!(found, expected, "{reference}");
        };
        check("ghcr.io/team/base:0123456789ab", "match base");
        check(
            "ghcr.io/team/base:ba9876543210",
            "drift ghcr.io/team/base:0123456789ab",
        );
        check("ghcr.io/team/base", "custom: `latest` is no content tag");
        check("ghcr.io/team/base:1.2", "custom: `1.2` is no content tag");
        check(
            &format!("ghcr.io/team/base@sha256:{}", "0".repeat(64)),
            "custom: a digest does not tell the content tag",
        );
        check(
            "debian:12",
            "custom: `docker.io/library/debian` is no repository of the catalog",
        );
        check("Team/Base", "unparseable");
    }
}
