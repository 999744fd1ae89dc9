//! The names of images in registries.

use std::{collections::BTreeSet, fmt, ops::Deref};

use buildkit_llb::ImageRefError;
use catalog::{ImageRef, Platform};

/// A reference with a tag: its text as it was written, for people and daemons, and the image that it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaggedName {
    written: String,
    /// The length of the repository in it, in bytes.
    repository: usize,
    image: ImageRef,
}

impl TaggedName {
    /// The name of a tag in a repository.
    pub fn new(repository: &str, tag: &str) -> Result<Self, ImageRefError> {
        let written = format!("{repository}:{tag}");
        let image: ImageRef = written.parse()?;
        // The text behind the colon could be a port and a path.
        if image.tag() != Some(tag) {
            return Err(ImageRefError::Tag {
                reference: written,
                tag: tag.to_owned(),
            });
        }
        Ok(Self {
            image,
            repository: repository.len(),
            written,
        })
    }

    /// The repository, without the tag.
    pub fn repository(&self) -> &str {
        &self.written[..self.repository]
    }

    /// The image that it names.
    pub fn image(&self) -> &ImageRef {
        &self.image
    }
}

/// A platform in a tag or in the name of a file: `linux-amd64`.
pub(crate) fn platform_slug(platform: &Platform) -> String {
    platform.to_string().replace('/', "-")
}

impl Deref for TaggedName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.written
    }
}

impl AsRef<str> for TaggedName {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for TaggedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The names of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageRefs {
    /// References with tags, which name the index of all platforms.
    pub index: Vec<TaggedName>,
    /// References with tags, each of which names the manifest of one platform.
    pub platforms: Vec<(Platform, TaggedName)>,
    /// The names of its platforms when they are pushed one by one, in each repository.
    pub parts: Vec<PartRefs>,
}

/// The names of an image's platforms in a repository when they are pushed one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRefs {
    /// A reference with the content tag: of the index, once all platforms are there.
    pub whole: TaggedName,
    /// References with the content tag and a platform behind it, for all declared platforms.
    pub platforms: Vec<(Platform, TaggedName)>,
}

/// An image as registries have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The digest of its index.
    pub digest: String,
    /// All references, each with the digest that it names.
    pub references: Vec<String>,
}

impl ImageRefs {
    /// All tags that move, those of the index first.
    pub fn all(&self) -> impl Iterator<Item = &TaggedName> {
        let platforms = self.platforms.iter().map(|(_, name)| name);
        self.index.iter().chain(platforms)
    }

    /// All tags that move, in the order in which they do.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &TaggedName> {
        let platforms = self.platforms.iter().map(|(_, name)| name);
        platforms.chain(&self.index)
    }

    /// The registries besides the one of `name`.
    pub(crate) fn other_registries(&self, name: &str) -> Vec<String> {
        let own: Option<ImageRef> = name.parse().ok();
        let own = own.as_ref().map(ImageRef::domain);
        let all: BTreeSet<&str> = self.all().map(|name| name.image().domain()).collect();
        let others = all.into_iter().filter(|domain| Some(*domain) != own);
        others.map(ToOwned::to_owned).collect()
    }

    /// The tags of the index, as they were written.
    pub(crate) fn written(&self) -> Vec<String> {
        self.index.iter().map(ToString::to_string).collect()
    }

    /// The repositories, without tags.
    pub(crate) fn repositories(&self) -> BTreeSet<&str> {
        self.all().map(TaggedName::repository).collect()
    }

    /// The reference of a platform that is pushed alone, in the same repository as `name`, a tag of that platform.
    pub(crate) fn part(&self, name: &TaggedName, platform: &Platform) -> Option<&TaggedName> {
        let own = |part: &&PartRefs| part.whole.repository() == name.repository();
        let mut platforms = self.parts.iter().find(own)?.platforms.iter();
        let (_, part) = platforms.find(|(of, _)| of == platform)?;
        Some(part)
    }

    /// Only its tags of single platforms.
    pub(crate) fn of_platforms(&self) -> Self {
        Self {
            platforms: self.platforms.clone(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_as_it_was_written() {
        let check = |repository: &str, image: &str| {
            let name = TaggedName::new(repository, "1").unwrap();
            assert_eq!(name.to_string(), format!("{repository}:1"));
            assert_eq!(name.repository(), repository);
            assert_eq!(name.image().to_string(), image);
        };
        check("ghcr.io/a/b", "ghcr.io/a/b:1");
        check("localhost:5000/a", "localhost:5000/a:1");
        check("docker.io/a/b", "docker.io/a/b:1");
        check("a", "docker.io/library/a:1");
        assert!(TaggedName::new("A", "1").is_err());
        assert!(TaggedName::new("a", "1/2").is_err());
    }
}
