//! Names that a user writes: of artifacts, and of the axes and options that vary them.

use std::{borrow::Borrow, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name that breaks the rule: ASCII letters, digits, `.`, `_` and `-`, a letter or digit first, at most 128 bytes. An
/// artifact's name may have several such words joined by `/`. The id of a secret may have `:`, for tokens of one host
/// (`GIT_AUTH_TOKEN.example.com:8443`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a valid {what}: {}", shortened(name), rule(what, name))]
pub struct InvalidName {
    /// The kind of name.
    pub what: &'static str,
    /// The offending text.
    pub name: String,
}

const ARTIFACT: &str = "artifact name";

const SECRET: &str = "secret id";

const VARIABLE: &str = "axis or option name";

const PART: &str = "part name";

/// The largest number of bytes in a name.
const MAX: usize = 128;

/// The first part of a name that is too long.
fn shortened(name: &str) -> String {
    if name.len() <= MAX {
        return name.to_owned();
    }
    name.chars().take(40).chain(['…']).collect()
}

fn rule(what: &str, name: &str) -> &'static str {
    match what {
        _ if name.len() > MAX => "it must have at most 128 bytes",
        ARTIFACT => {
            "its words, joined by `/`, must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`"
        }
        SECRET => {
            "it must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`, `:`"
        }
        VARIABLE | PART => {
            "it must start with a letter or `_` and hold only letters, digits, `_`, `-`"
        }
        _ => "it must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`",
    }
}

fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// A dot would begin a field of the variable's value.
fn is_variable(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn validate(what: &'static str, name: &str) -> Result<(), InvalidName> {
    let words_are_valid = match what {
        ARTIFACT => name.split('/').all(is_word),
        SECRET => is_word(&name.replacen(':', "-", 1)),
        VARIABLE | PART => is_variable(name),
        _ => is_word(name),
    };
    if words_are_valid && name.len() <= MAX {
        Ok(())
    } else {
        Err(InvalidName {
            what,
            name: name.to_owned(),
        })
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(name: &str) -> Result<Self, InvalidName> {
                validate($what, name)?;
                Ok(Self(name.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(name: String) -> Result<Self, InvalidName> {
                name.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type! {
    /// The name of an artifact, unique in its catalog. A fleet may sort its artifacts as in directories
    /// (`runtime/lang/go/1.23`); `runtime/lang` then stands for all of them that are below it.
    ArtifactName, ARTIFACT
}

name_type! {
    /// The name of an axis or of an option; it stands in templates as `{name}`.
    VariableName, VARIABLE
}

name_type! {
    /// The id of a secret, as `--secret id=…` gives it.
    SecretId, SECRET
}

name_type! {
    /// The name of a directory of input files, as `--build-context NAME=DIR` gives it.
    ContextName, "context name"
}

name_type! {
    /// The id of a cache, which commands share.
    CacheId, "cache id"
}

name_type! {
    /// The id of an ssh agent, as `--ssh` gives it.
    SshId, "ssh agent id"
}

name_type! {
    /// The name of a part: letters, digits, `_` and `-`, a letter or `_` first.
    PartName, PART
}

macro_rules! checked_later {
    ($($name:ident),*) => {
        $(impl $name {
            /// A name that [`Catalog::check`](crate::Catalog::check) will look at before anything uses it.
            pub(crate) fn unchecked(name: &str) -> Self {
                Self(name.to_owned())
            }
        })*
    };
}

checked_later!(
    ArtifactName,
    SecretId,
    ContextName,
    CacheId,
    SshId,
    PartName,
    VariableName
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_round_trip() {
        fn check(name: &str, valid: bool) {
            let parsed = name.parse::<ArtifactName>();
            assert_eq!(parsed.is_ok(), valid, "{name:?}");
            if let Ok(parsed) = parsed {
                assert_eq!(parsed.to_string(), name);
            }
        }
        check("base-rootfs", true);
        check("node.js-20", true);
        check("9p", true);
        check("", false);
        check("-x", false);
        check("runtime/lang/node.js/20", true);
        check("a/", false);
        check("/a", false);
        check("a//b", false);
        check("a/../b", false);
        check("a b", false);
        check("ä", false);
        check(&"x".repeat(129), false);
    }
}
