//! What images are known by in registries.

use std::collections::BTreeSet;

use catalog::Platform;

/// What an image is pushed under.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageRefs {
    /// References with tags: of the index of all platforms.
    pub index: Vec<String>,
    /// References with tags: each of the manifest of one platform.
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
    /// All of them, those of the index first.
    pub fn all(&self) -> Vec<&str> {
        let platforms = self.platforms.iter().map(|(_, name)| name);
        let names = self.index.iter().chain(platforms);
        names.map(String::as_str).collect()
    }

    /// The repositories, without tags.
    pub(crate) fn repositories(&self) -> BTreeSet<&str> {
        self.all().into_iter().map(repository).collect()
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
