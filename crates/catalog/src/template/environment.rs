//! The environment of a tree: what `$NAME` stands for.

use std::collections::BTreeSet;

/// The `PATH` that Docker gives a container without one.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables that the base of a tree and the steps so far have set.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub(crate) values: Vec<(String, String)>,
    /// The name of the base in errors.
    pub(crate) base: String,
    /// Whether the variables of the base are known. Those of an image that is not in the lock are not.
    pub(crate) is_known: bool,
    /// The variables that are made from unknown ones.
    pub(crate) unknown: BTreeSet<String>,
}

/// The value of a variable, if it is known.
pub(super) enum Value<'a> {
    Set(&'a str),
    Unset,
    /// The base may set it, or it is made from variables that the base may set.
    Unknown,
}

impl Environment {
    pub(super) fn get(&self, name: &str) -> Value<'_> {
        if self.unknown.contains(name) {
            return Value::Unknown;
        }
        match self.values.iter().find(|(known, _)| known == name) {
            Some((_, value)) => Value::Set(value),
            None if !self.is_known => Value::Unknown,
            None if name == "PATH" => Value::Set(DEFAULT_PATH),
            None => Value::Unset,
        }
    }
}

/// A text with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// Whether all of it is known. The variables of an image that is not in the lock are unknown. `$NAME` then stays as
    /// it is, so that a catalog can be planned to find its references. Such a plan has no id and is not built.
    pub is_known: bool,
}

impl Filled {
    pub(super) fn known(text: String) -> Self {
        Self {
            text,
            is_known: true,
        }
    }
}
