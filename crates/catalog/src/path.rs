//! Paths of input files, relative to the context directory and never outside it.

use std::{borrow::Borrow, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A path that leaves the context directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextPathError {
    /// Empty, or nothing but the context directory itself.
    #[error("`{path}` names no file in the context directory")]
    Empty {
        /// The text as given.
        path: String,
    },
    /// Absolute.
    #[error("`{path}` is absolute; inputs are named relative to the context directory")]
    Absolute {
        /// The text as given.
        path: String,
    },
    /// Has a `..` component.
    #[error("`{path}` points out of the context directory")]
    Outside {
        /// The text as given.
        path: String,
    },
    /// Has a NUL byte.
    #[error("a path of an input has a NUL byte")]
    Nul,
}

/// A clean relative path (`scripts/install.sh`): no `.`, no `..`, no leading or doubled slash. It may hold the glob
/// signs `*`, `?`, `[…]` and `**` where a pattern is meant.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct ContextPath(String);

impl ContextPath {
    /// A path that [`Catalog::check`](crate::Catalog::check) will look at before anything uses it.
    pub(crate) fn unchecked(path: &str) -> Self {
        path.parse().unwrap_or_else(|_| Self(path.to_owned()))
    }

    /// A path that a step declares: `.` is all that is in the directory.
    pub fn declared(text: &str) -> Result<Self, ContextPathError> {
        match text.parse() {
            Err(ContextPathError::Empty { .. }) if !text.is_empty() => Ok(Self("**".to_owned())),
            parsed => parsed,
        }
    }

    /// The path as text, with `/` between components.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The directory that holds it, unless that is the context directory.
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('/')
            .map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The rest of the path below `directory`, if it is below it.
    pub fn strip_prefix(&self, directory: &Self) -> Option<Self> {
        self.0
            .strip_prefix(directory.as_str())?
            .strip_prefix('/')
            .map(|rest| Self(rest.to_owned()))
    }

    /// The path with `ending` after its last component, unless it has it.
    pub(crate) fn with_ending(mut self, ending: &str) -> Self {
        if !self.0.ends_with(ending) {
            self.0.push_str(ending);
        }
        self
    }

    /// Whether it has glob signs, so that it may stand for several files.
    pub fn is_glob(&self) -> bool {
        self.0.contains(['*', '?', '['])
    }
}

impl FromStr for ContextPath {
    type Err = ContextPathError;

    fn from_str(path: &str) -> Result<Self, ContextPathError> {
        let given = || path.to_owned();
        if path.contains('\0') {
            return Err(ContextPathError::Nul);
        }
        if path.starts_with('/') {
            return Err(ContextPathError::Absolute { path: given() });
        }
        let components: Vec<&str> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if components.contains(&"..") {
            return Err(ContextPathError::Outside { path: given() });
        }
        if components.is_empty() {
            return Err(ContextPathError::Empty { path: given() });
        }
        Ok(Self(components.join("/")))
    }
}

impl TryFrom<String> for ContextPath {
    type Error = ContextPathError;

    fn try_from(path: String) -> Result<Self, ContextPathError> {
        path.parse()
    }
}

impl From<ContextPath> for String {
    fn from(path: ContextPath) -> Self {
        path.0
    }
}

impl Borrow<str> for ContextPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContextPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_context() {
        let check = |path: &str, expected: Result<&str, &str>| {
            let parsed = path
                .parse::<ContextPath>()
                .map(|path| path.to_string())
                .map_err(|error| error.to_string());
            assert_eq!(
                parsed,
                expected.map(str::to_owned).map_err(str::to_owned),
                "{path}"
            );
        };
        check("./install.sh", Ok("install.sh"));
        check("a//b/./c/", Ok("a/b/c"));
        check("a/..b", Ok("a/..b"));
        check(
            "/etc/passwd",
            Err("`/etc/passwd` is absolute; inputs are named relative to the context directory"),
        );
        check(
            "a/../../b",
            Err("`a/../../b` points out of the context directory"),
        );
        check(".", Err("`.` names no file in the context directory"));
        check("", Err("`` names no file in the context directory"));
    }
}
