//! Image references, normalised as `distribution/reference` does.

mod grammar;

use std::fmt;
use std::str::FromStr;

use self::grammar::{
    DEFAULT_DOMAIN, OFFICIAL_PREFIX, is_domain, is_image_id, is_path, is_tag, split_domain,
};
use crate::digest::{ContentDigest, DigestError};

/// The tag of references that have neither tag nor digest.
const DEFAULT_TAG: &str = "latest";

/// A reference to an image in a registry, complete: with its registry, and with a tag or a digest.
///
/// `FromStr` completes what is missing (`alpine` is `docker.io/library/alpine:latest`); `Display` prints the complete
/// form, which is what a source vertex carries. Mirrors `ParseNormalizedNamed` and `TagNameOnly`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<ContentDigest>,
}

/// Text that is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageRefError {
    /// The text is empty.
    #[error("an image reference cannot be empty")]
    Empty,
    /// 64 hex digits are an image id, which a registry does not know.
    #[error("`{reference}` is an image id, not a reference")]
    ImageId {
        /// The text that was given.
        reference: String,
    },
    /// The registry is not a host with an optional port.
    #[error("`{domain}` in `{reference}` is not a registry host")]
    Domain {
        /// The text that was given.
        reference: String,
        /// The part that is wrong.
        domain: String,
    },
    /// The repository has a character or an arrangement that is not allowed, upper case among them.
    #[error(
        "`{path}` in `{reference}` is not a repository name (lower-case words joined by `/`, `.`, `_` or `-`)"
    )]
    Path {
        /// The text that was given.
        reference: String,
        /// The part that is wrong.
        path: String,
    },
    /// The tag has a character that is not allowed, or more than 128.
    #[error("`{tag}` in `{reference}` is not a tag")]
    Tag {
        /// The text that was given.
        reference: String,
        /// The part that is wrong.
        tag: String,
    },
    /// The digest is malformed.
    #[error("the digest in `{reference}` is malformed")]
    Digest {
        /// The text that was given.
        reference: String,
        /// The problem.
        #[source]
        source: DigestError,
    },
}

impl ImageRef {
    /// The registry, such as `docker.io` or `localhost:5000`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The repository in the registry, such as `library/alpine`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag, if any.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if any.
    pub fn digest(&self) -> Option<&ContentDigest> {
        self.digest.as_ref()
    }

    /// The same reference pinned to `digest`; its tag stays, as a note to the reader.
    pub fn with_digest(mut self, digest: ContentDigest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// The short form that people write: without `docker.io/` and `library/`, but with the tag.
    pub fn familiar(&self) -> String {
        let path = if self.domain == DEFAULT_DOMAIN {
            match self.path.strip_prefix(OFFICIAL_PREFIX) {
                Some(name) if !name.contains('/') => name.to_owned(),
                _ => self.path.clone(),
            }
        } else {
            format!("{}/{}", self.domain, self.path)
        };
        format!("{path}{}", Suffix(self))
    }

    /// Reads a reference without adding a tag. Mirrors `ParseNormalizedNamed`.
    pub(crate) fn parse_untagged(reference: &str) -> Result<Self, ImageRefError> {
        let given = || reference.to_owned();
        if reference.is_empty() {
            return Err(ImageRefError::Empty);
        }
        if is_image_id(reference) {
            return Err(ImageRefError::ImageId { reference: given() });
        }
        let (domain, remainder) = split_domain(reference);
        let (name, digest) = match remainder.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse())),
            None => (remainder, None),
        };
        let digest = digest.transpose().map_err(|source| ImageRefError::Digest {
            reference: given(),
            source,
        })?;
        let (name, tag) = match name.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (name, None),
        };
        let needs_prefix = domain == DEFAULT_DOMAIN && !name.contains('/');
        let path = format!("{}{name}", if needs_prefix { OFFICIAL_PREFIX } else { "" });
        if !is_domain(domain) {
            return Err(ImageRefError::Domain {
                reference: given(),
                domain: domain.to_owned(),
            });
        }
        if !is_path(&path) {
            return Err(ImageRefError::Path {
                reference: given(),
                path: name.to_owned(),
            });
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ImageRefError::Tag {
                reference: given(),
                tag: tag.to_owned(),
            });
        }
        Ok(Self {
            domain: domain.to_owned(),
            path,
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

impl FromStr for ImageRef {
    type Err = ImageRefError;

    fn from_str(text: &str) -> Result<Self, ImageRefError> {
        let mut reference = Self::parse_untagged(text)?;
        if reference.tag.is_none() && reference.digest.is_none() {
            reference.tag = Some(DEFAULT_TAG.to_owned());
        }
        Ok(reference)
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.domain, self.path, Suffix(self))
    }
}

/// The part after the repository: `:tag` and `@digest`.
struct Suffix<'a>(&'a ImageRef);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tag) = &self.0.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.0.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completes_references() {
        let sha = format!("sha256:{}", "a".repeat(64));
        for (given, expected) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("oven/bun", "docker.io/oven/bun:latest"),
            ("index.docker.io/alpine", "docker.io/library/alpine:latest"),
            ("docker.io/alpine", "docker.io/library/alpine:latest"),
            ("localhost/x", "localhost/x:latest"),
            ("localhost:5000/x/y:1", "localhost:5000/x/y:1"),
            ("Registry/x", "Registry/x:latest"),
            ("ghcr.io/a/b__c-d.e:T_1", "ghcr.io/a/b__c-d.e:T_1"),
            ("[::1]:5000/x", "[::1]:5000/x:latest"),
            (
                &format!("ubuntu:24.04@{sha}"),
                &format!("docker.io/library/ubuntu:24.04@{sha}"),
            ),
            (
                &format!("ubuntu@{sha}"),
                &format!("docker.io/library/ubuntu@{sha}"),
            ),
        ] {
            let reference: ImageRef = given.parse().unwrap();
            assert_eq!(reference.to_string(), expected, "{given}");
            assert_eq!(expected.parse(), Ok(reference), "display round-trips");
        }
    }

    #[test]
    fn refuses_what_registries_refuse() {
        let long = "a".repeat(256);
        let id = "ab".repeat(32);
        for given in [
            "",
            "Alpine",
            "a//b",
            "a/",
            "/a",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "a:",
            "a:-x",
            "a@sha256:12",
            "a.b_/x",
            "x y",
            "-bad.io/x",
            "host:port/x",
            "a:b:c",
            &id,
            &long,
        ] {
            assert!(given.parse::<ImageRef>().is_err(), "{given}");
        }
    }

    #[test]
    fn familiar_form_is_short() {
        let check = |given: &str, expected: &str| {
            assert_eq!(given.parse::<ImageRef>().unwrap().familiar(), expected);
        };
        check("alpine", "alpine:latest");
        check("docker.io/oven/bun:1", "oven/bun:1");
        check("ghcr.io/x/y", "ghcr.io/x/y:latest");
    }
}
