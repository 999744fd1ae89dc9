//! The values of `--build-context`.

use std::str::FromStr;

use buildkit_client::BlobDigestError;
use catalog::{ImageRef, Template};

use crate::layout::LayoutSource;

/// One `--build-context`: a name, and what to use for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildContext {
    /// The base that it replaces: an image reference, a stage's name, or an artifact.
    pub name: String,
    /// The replacement of that base.
    pub source: ContextSource,
}

/// The replacement of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextSource {
    /// An image: `docker-image://REF`.
    Image(ImageRef),
    /// An image of an OCI layout: `oci-layout://DIR[:TAG][@DIGEST]`.
    Layout(LayoutSource),
    /// A path: of a directory of input files, or of a root filesystem tar; then `{arch}`, `{os}` and `{platform}` in it
    /// are filled in per platform.
    Path(Template),
}

/// A `--build-context` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildContextError {
    /// Not `NAME=VALUE`.
    #[error(
        "`{given}` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar"
    )]
    Form {
        /// The text as given.
        given: String,
    },
    /// A scheme that is not supported.
    #[error("`{given}`: `{scheme}://` is not supported")]
    Scheme {
        /// The text as given.
        given: String,
        /// The scheme.
        scheme: String,
    },
    /// The image is no valid reference.
    #[error("`{given}` does not name an image")]
    Image {
        /// The text as given.
        given: String,
        /// What is wrong with it.
        #[source]
        source: buildkit_llb::ImageRefError,
    },
    /// The digest of an image in a layout is not valid.
    #[error("`{given}`: {error}")]
    Layout {
        /// The text as given.
        given: String,
        /// What is wrong with it. It is part of the text, because errors of arguments show no causes.
        error: BlobDigestError,
    },
    /// The path is no valid template.
    #[error("`{given}` does not name a file")]
    Path {
        /// The text as given.
        given: String,
        /// What is wrong with it.
        #[source]
        source: catalog::TemplateError,
    },
}

impl FromStr for BuildContext {
    type Err = BuildContextError;

    fn from_str(given: &str) -> Result<Self, BuildContextError> {
        let form = || BuildContextError::Form {
            given: given.to_owned(),
        };
        let (name, value) = given.split_once('=').ok_or_else(form)?;
        if name.is_empty() || value.is_empty() {
            return Err(form());
        }
        let source = match value.split_once("://") {
            Some(("docker-image", image)) => {
                ContextSource::Image(image.parse().map_err(|source| BuildContextError::Image {
                    given: given.to_owned(),
                    source,
                })?)
            }
            Some(("oci-layout", layout)) => {
                let layout: LayoutSource =
                    layout.parse().map_err(|error| BuildContextError::Layout {
                        given: given.to_owned(),
                        error,
                    })?;
                if layout.directory.as_os_str().is_empty() {
                    return Err(form());
                }
                ContextSource::Layout(layout)
            }
            Some((scheme, _)) => {
                return Err(BuildContextError::Scheme {
                    given: given.to_owned(),
                    scheme: scheme.to_owned(),
                });
            }
            None => {
                ContextSource::Path(value.parse().map_err(|source| BuildContextError::Path {
                    given: given.to_owned(),
                    source,
                })?)
            }
        };
        Ok(Self {
            name: name.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_read_as_buildx_spells_them() {
        let check = |given: &str, expected: Result<(&str, &str), &str>| {
            let read = given
                .parse::<BuildContext>()
                .map_err(|error| error.to_string())
                .map(|context| {
                    let source = match context.source {
                        ContextSource::Image(image) => image.to_string(),
                        ContextSource::Layout(layout) => format!(
                            "{} {} {}",
                            layout.directory.display(),
                            layout.tag.as_deref().unwrap_or("-"),
                            layout
                                .digest
                                .map_or("-".to_owned(), |digest| digest.to_string())
                        ),
                        ContextSource::Path(path) => path.to_string(),
                    };
                    (context.name, source)
                });
            let expected = expected
                .map(|(n, s)| (n.to_owned(), s.to_owned()))
                .map_err(str::to_owned);
            assert_eq!(read, expected, "{given}");
        };
        check(
            "ubuntu=docker-image://debian:12",
            Ok(("ubuntu", "docker.io/library/debian:12")),
        );
        let digest = format!("sha256:{}", "a".repeat(64));
        for (given, expected) in [
            ("a/b", "a/b - -".to_owned()),
            ("/a:1.3", "/a 1.3 -".to_owned()),
            (&format!("a@{digest}"), format!("a - {digest}")),
            (&format!("/a@b/c:t@{digest}"), format!("/a@b/c t {digest}")),
            ("/a:b/c", "/a:b/c - -".to_owned()),
            ("/x@y:1/c", "/x@y:1/c - -".to_owned()),
            ("a:.b", "a:.b - -".to_owned()),
            ("a{b", "a{b - -".to_owned()),
        ] {
            let expected = Ok(("ubuntu", expected.as_str()));
            check(&format!("ubuntu=oci-layout://{given}"), expected);
        }
        check(
            "ubuntu=oci-layout://a@sha256:abc",
            Err(
                "`ubuntu=oci-layout://a@sha256:abc`: `sha256:abc` is not a digest of the form `sha256:` and 64 lower-case hex digits",
            ),
        );
        check(
            "ubuntu=oci-layout://",
            Err(
                "`ubuntu=oci-layout://` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar",
            ),
        );
        check(
            "ubuntu=roots/{arch}.tar",
            Ok(("ubuntu", "roots/{arch}.tar")),
        );
        check(
            "ubuntu",
            Err(
                "`ubuntu` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar",
            ),
        );
        check(
            "=x.tar",
            Err(
                "`=x.tar` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar",
            ),
        );
        check(
            "ubuntu=target:x://y",
            Err("`ubuntu=target:x://y`: `target:x://` is not supported"),
        );
        check(
            "ubuntu=docker-image://UPPER",
            Err("`ubuntu=docker-image://UPPER` does not name an image"),
        );
        check("ubuntu=a{b", Err("`ubuntu=a{b` does not name a file"));
    }
}
