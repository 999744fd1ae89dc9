//! Paths and globs that steps declare, with those of their files that are meant.

use std::{fmt, str::FromStr};

use file_set::Excludes;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::path::{ContextPath, ContextPathError};

/// A path or glob of a directory with input files, and the files of it that are meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declared {
    /// The path or glob.
    pub path: ContextPath,
    /// The paths that are left out, relative to the part of the path before its first glob sign.
    pub exclude: Excludes,
    /// Whether the permission bits of the files count.
    pub keeps_modes: bool,
}

impl Declared {
    /// The path itself, or the directory of all files that a glob can match: the components before the first glob sign.
    /// Empty for the directory with the input files.
    pub(crate) fn literal(&self) -> String {
        let is_sign = |component: &&str| component.contains(['*', '?', '[']);
        let components = self.path.components();
        let literal: Vec<&str> = components
            .take_while(|component| !is_sign(component))
            .collect();
        literal.join("/")
    }
}

impl From<ContextPath> for Declared {
    fn from(path: ContextPath) -> Self {
        Self {
            path,
            exclude: Excludes::default(),
            keeps_modes: false,
        }
    }
}

impl FromStr for Declared {
    type Err = ContextPathError;

    fn from_str(path: &str) -> Result<Self, ContextPathError> {
        Ok(ContextPath::from_str(path)?.into())
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)?;
        let exclude: Vec<&str> = self.exclude.texts().collect();
        if exclude.is_empty() {
            return Ok(());
        }
        write!(f, " without {}", exclude.join(", "))
    }
}

/// As the text of the path, or as a table if there is more to say.
impl Serialize for Declared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.exclude.is_empty() && !self.keeps_modes {
            return self.path.serialize(serializer);
        }
        let exclude: Vec<&str> = self.exclude.texts().collect();
        let mut table = serializer.serialize_struct("Declared", 3)?;
        table.serialize_field("path", &self.path)?;
        table.serialize_field("exclude", &exclude)?;
        table.serialize_field("keeps-modes", &self.keeps_modes)?;
        table.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn files_keep_their_paths_below_what_was_declared() {
        let check = |path: &str, expected: &str| {
            let declared = Declared::from(ContextPath::declared(path).unwrap());
            assert_eq!(declared.literal(), expected, "{path}");
        };
        check("etc/en_US", "etc/en_US");
        check("conf/*.toml", "conf");
        check("conf/**/*.toml", "conf");
        check("*.toml", "");
        check(".", "");
    }

    #[test]
    fn what_is_meant_is_said() {
        let plain: Declared = "a/b".parse().unwrap();
        let part = Declared {
            exclude: Excludes::try_new(["*.o", "!x.o"]).unwrap(),
            ..plain.clone()
        };
        let check = |declared: &Declared, text: &str, json: Value| {
            assert_eq!(declared.to_string(), text);
            assert_eq!(serde_json::to_value(declared).unwrap(), json);
        };
        check(&plain, "a/b", json!("a/b"));
        let table = json!({"path": "a/b", "exclude": ["*.o", "!x.o"], "keeps-modes": false});
        check(&part, "a/b without *.o, !x.o", table);
    }
}
