//! Annotations: keys and values on the parts of an image.

use std::{collections::BTreeMap, fmt, str::FromStr};

use buildkit_llb::Platform;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    nearest::nearest,
    template::Template,
    words::{did_you_mean, listed},
};

/// The annotation of an index with the full id of the image.
pub const ID_ANNOTATION: &str = "dev.llbgen.id";

/// The annotation of the index of one platform that was pushed alone: the full id of the image that it is a part of.
pub const PART_ANNOTATION: &str = "dev.llbgen.part-of";

/// The annotation of an index with the digest of all that its publication says besides: annotations and labels, which
/// enter no id.
pub const METADATA_ANNOTATION: &str = "dev.llbgen.metadata";

/// The annotations by which builds know what registries have: one that a user sets would be believed.
const OWN: [&str; 3] = [ID_ANNOTATION, PART_ANNOTATION, METADATA_ANNOTATION];

/// The parts of an image that have annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Annotated {
    /// The index, which is one for all platforms.
    Index,
    /// The descriptor of the index, in the `index.json` of an archive.
    IndexDescriptor,
    /// The manifest of every platform.
    Manifest,
    /// The descriptors of the manifests, in the index.
    ManifestDescriptor,
}

impl Annotated {
    const ALL: [Self; 4] = [
        Self::Manifest,
        Self::Index,
        Self::ManifestDescriptor,
        Self::IndexDescriptor,
    ];

    /// The word before the key, as buildx has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::IndexDescriptor => "index-descriptor",
            Self::Manifest => "manifest",
            Self::ManifestDescriptor => "manifest-descriptor",
        }
    }

    /// Whether each platform has one of its own.
    pub fn is_by_platform(self) -> bool {
        matches!(self, Self::Manifest | Self::ManifestDescriptor)
    }
}

/// The place of an annotation in an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnnotationPlace {
    /// The part.
    pub on: Annotated,
    /// The platform whose part it is; all platforms by default.
    pub platform: Option<Platform>,
    /// The key.
    pub key: String,
}

/// A key and a value on a part of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Annotation {
    /// Its place.
    pub place: AnnotationPlace,
    /// The value.
    pub value: String,
}

/// A text that is no annotation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    /// A text without a value, or with nothing before it.
    #[error("`{text}` is not KEY=VALUE")]
    NoValue {
        /// The text.
        text: String,
    },
    /// A part of an image without a key.
    #[error("`{text}` has no key")]
    NoKey {
        /// The text.
        text: String,
    },
    /// A key that BuildKit would not take for one.
    #[error("`{key}` has a blank, which no key of an annotation has")]
    Blank {
        /// The key.
        key: String,
    },
    /// A brace in the key of an artifact's annotation.
    #[error("`{key}` is taken as it is written, and no placeholder can stand there")]
    Braces {
        /// The key.
        key: String,
    },
    /// A word before the colon that is no part of an image.
    #[error(
        "`{part}` has no annotations; the parts of an image that have are {}{}",
        listed(Annotated::ALL.map(Annotated::as_str)),
        did_you_mean(nearest_part(part))
    )]
    Part {
        /// The word.
        part: String,
    },
    /// A part of an artifact that its file cannot annotate.
    #[error(
        "`{part}`: an artifact has annotations on its manifests, as `KEY`, and on its index, as `index:KEY`; \
         `--annotation` of a build has them elsewhere"
    )]
    NotOfFiles {
        /// The part, with its platform.
        part: String,
    },
    /// A platform behind a part that is one for all platforms.
    #[error("`{part}` is one for all platforms; leave out the platform")]
    OnePart {
        /// The part.
        part: &'static str,
    },
    /// A text in brackets that is no platform.
    #[error("`{text}` is no platform: {source}")]
    Platform {
        /// The text.
        text: String,
        /// Why.
        source: buildkit_llb::PlatformError,
    },
    /// A key of llbgen's own.
    #[error("`{key}` is set by llbgen itself")]
    Own {
        /// The key.
        key: String,
    },
}

fn nearest_part(part: &str) -> Option<&'static str> {
    nearest(part, Annotated::ALL.map(Annotated::as_str))
}

impl Annotation {
    /// Reads an annotation as buildx has it: `KEY=VALUE`, with parts of an image before the key, which may name a
    /// platform: `index,manifest[linux/amd64]:KEY=VALUE`. There is one for each part; the manifest by default.
    pub fn parse(text: &str) -> Result<Vec<Self>, AnnotationError> {
        let no_value = || AnnotationError::NoValue {
            text: text.to_owned(),
        };
        let (before, value) = text.split_once('=').ok_or_else(no_value)?;
        if before.is_empty() {
            return Err(no_value());
        }
        let (parts, key) = match before.split_once(':') {
            None => (vec![(Annotated::Manifest, None)], before),
            Some((parts, key)) => (parts.split(',').map(part).collect::<Result<_, _>>()?, key),
        };
        if key.is_empty() {
            return Err(AnnotationError::NoKey {
                text: text.to_owned(),
            });
        }
        check_key(key)?;
        let parts = parts.into_iter().map(|(on, platform)| Self {
            place: AnnotationPlace {
                on,
                platform,
                key: key.to_owned(),
            },
            value: value.to_owned(),
        });
        Ok(parts.collect())
    }
}

/// A part of an image, with the platform in brackets behind it.
fn part(text: &str) -> Result<(Annotated, Option<Platform>), AnnotationError> {
    let (word, platform) = match text.strip_suffix(']').and_then(|it| it.split_once('[')) {
        Some((word, platform)) => (word, Some(platform)),
        None => (text, None),
    };
    let on = Annotated::ALL.into_iter().find(|on| on.as_str() == word);
    let on = on.ok_or_else(|| AnnotationError::Part {
        part: text.to_owned(),
    })?;
    let Some(platform) = platform else {
        return Ok((on, None));
    };
    if !on.is_by_platform() {
        return Err(AnnotationError::OnePart { part: on.as_str() });
    }
    let read = platform.parse::<Platform>();
    let platform = read.map_err(|source| AnnotationError::Platform {
        text: platform.to_owned(),
        source,
    })?;
    Ok((on, Some(platform.normalized())))
}

fn check_key(key: &str) -> Result<(), AnnotationError> {
    if key.contains(char::is_whitespace) {
        let key = key.to_owned();
        return Err(AnnotationError::Blank { key });
    }
    if OWN.contains(&key) {
        let key = key.to_owned();
        return Err(AnnotationError::Own { key });
    }
    Ok(())
}

/// The key of an artifact's annotation: `KEY` on the manifest of every platform, `index:KEY` on the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct AnnotationKey {
    pub(crate) on: Annotated,
    pub(crate) key: String,
}

impl FromStr for AnnotationKey {
    type Err = AnnotationError;

    fn from_str(text: &str) -> Result<Self, AnnotationError> {
        let (on, key) = match text.split_once(':') {
            None => (Annotated::Manifest, text),
            Some(("index", key)) => (Annotated::Index, key),
            Some((word, _)) => {
                word.split(',').try_for_each(|word| part(word).map(drop))?;
                let part = word.to_owned();
                return Err(AnnotationError::NotOfFiles { part });
            }
        };
        if key.is_empty() {
            let text = text.to_owned();
            return Err(AnnotationError::NoKey { text });
        }
        check_key(key)?;
        let key = key.to_owned();
        if key.contains(['{', '}']) {
            return Err(AnnotationError::Braces { key });
        }
        Ok(Self { on, key })
    }
}

impl TryFrom<String> for AnnotationKey {
    type Error = AnnotationError;

    fn try_from(text: String) -> Result<Self, AnnotationError> {
        text.parse()
    }
}

impl From<AnnotationKey> for String {
    fn from(key: AnnotationKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for AnnotationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.on {
            Annotated::Index => write!(f, "index:{}", self.key),
            _ => f.write_str(&self.key),
        }
    }
}

/// The annotations of an artifact.
pub(crate) type Annotations = BTreeMap<AnnotationKey, Template>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_name_the_parts_that_they_are_on() {
        let check = |text: &str, expected: Result<&[(Annotated, &str, &str, &str)], &str>| {
            let found = Annotation::parse(text).map_err(|error| error.to_string());
            let found = found.map(|found| {
                let each = found.into_iter().map(|Annotation { place, value }| {
                    let platform = place.platform.map(|it| it.to_string());
                    (place.on, platform.unwrap_or_default(), place.key, value)
                });
                each.collect::<Vec<_>>()
            });
            let expected = expected.map(|expected| {
                let each = expected.iter().map(|(on, platform, key, value)| {
                    let [platform, key, value] = [platform, key, value].map(|it| (*it).to_owned());
                    (*on, platform, key, value)
                });
                each.collect::<Vec<_>>()
            });
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        };
        check("a.b=c=d", Ok(&[(Annotated::Manifest, "", "a.b", "c=d")]));
        check("manifest:a=", Ok(&[(Annotated::Manifest, "", "a", "")]));
        check("index:a=b:c", Ok(&[(Annotated::Index, "", "a", "b:c")]));
        check(
            "index,manifest[linux/aarch64]:a=b",
            Ok(&[
                (Annotated::Index, "", "a", "b"),
                (Annotated::Manifest, "linux/arm64", "a", "b"),
            ]),
        );
        check(
            "manifest-descriptor:a=b",
            Ok(&[(Annotated::ManifestDescriptor, "", "a", "b")]),
        );
        check("a", Err("`a` is not KEY=VALUE"));
        check("=b", Err("`=b` is not KEY=VALUE"));
        check("index:=b", Err("`index:=b` has no key"));
        check(
            "a b=c",
            Err("`a b` has a blank, which no key of an annotation has"),
        );
        check(
            "index[linux/amd64]:a=b",
            Err("`index` is one for all platforms; leave out the platform"),
        );
        check(
            "indx:a=b",
            Err(
                "`indx` has no annotations; the parts of an image that have are `manifest`, `index`, \
                 `manifest-descriptor`, `index-descriptor`; did you mean `index`?",
            ),
        );
        for key in OWN {
            let expected = format!("`{key}` is set by llbgen itself");
            for part in ["", "manifest:", "index:"] {
                check(&format!("{part}{key}=x"), Err(&expected));
            }
        }
    }

    #[test]
    fn keys_of_artifacts_are_of_manifests_or_of_the_index() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let found = text.parse::<AnnotationKey>().map(String::from);
            let found = found.map_err(|error| error.to_string());
            match expected {
                Ok(expected) => assert_eq!(found.as_deref(), Ok(expected)),
                Err(expected) => {
                    let error = found.unwrap_err();
                    assert!(error.contains(expected), "{error}");
                }
            }
        };
        check("a.b", Ok("a.b"));
        check("index:a", Ok("index:a"));
        check("index:", Err("has no key"));
        check("", Err("has no key"));
        check("layer:a", Err("`layer` has no annotations"));
        check("manifest-descriptor:a", Err("`--annotation` of a build"));
        check("index:dev.llbgen.id", Err("set by llbgen itself"));
    }
}
