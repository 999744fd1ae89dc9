//! What images are known by in registries.

use std::collections::BTreeSet;

use catalog::Platform;

/// What an image is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageRefs {
    /// References with tags: of the index of all platforms.
    pub index: Vec<String>,
    /// References with tags: each of the manifest of one platform.
    pub platforms: Vec<(Platform, String)>,
    /// What its platforms are known by when they are pushed one by one, in each repository.
    pub parts: Vec<PartRefs>,
}

/// What the platforms of an image are known by in a repository when they are pushed one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartRefs {
    /// A reference with the content tag: of the index, once all platforms are there.
    pub whole: String,
    /// References with the content tag and a platform behind it, for all that the image is declared for.
    pub platforms: Vec<(Platform, String)>,
}

/// An image as registries have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The digest of its index.
    pub digest: String,
    /// All references, each with the digest of what it names.
    pub references: Vec<String>,
}

impl ImageRefs {
    /// All tags that move, those of the index first.
    pub fn all(&self) -> Vec<&str> {
        let platforms = self.platforms.iter().map(|(_, name)| name);
        let names = self.index.iter().chain(platforms);
        names.map(String::as_str).collect()
    }

    /// The repositories, without tags.
    pub(crate) fn repositories(&self) -> BTreeSet<&str> {
        self.all().into_iter().map(repository).collect()
    }

    /// What the platform that the tag `name` is of is known by when it is pushed alone, in the same repository.
    pub(crate) fn part(&self, name: &str, platform: &Platform) -> Option<&str> {
        let own = |part: &&PartRefs| repository(&part.whole) == repository(name);
        let mut platforms = self.parts.iter().find(own)?.platforms.iter();
        let (_, part) = platforms.find(|(of, _)| of == platform)?;
        Some(part)
    }

    /// Its tags of single platforms alone.
    pub(crate) fn of_platforms(&self) -> Self {
        Self {
            platforms: self.platforms.clone(),
            ..Self::default()
        }
    }
}

/// A reference without its tag, which is behind the last colon: one before a slash is of a port.
fn repository(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_no_tag() {
        let check = |name: &str, expected: &str| assert_eq!(repository(name), expected);
        check("ghcr.io/a/b:1", "ghcr.io/a/b");
        check("localhost:5000/a:1", "localhost:5000/a");
        check("localhost:5000/a", "localhost:5000/a");
        check("a", "a");
    }
}
