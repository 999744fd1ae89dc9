//! The environment of a tree: what `$NAME` stands for.

use std::collections::BTreeSet;

/// What Docker gives a container without a `PATH`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the base of a tree and the steps so far have set.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub(crate) values: Vec<(String, String)>,
    /// What the steps start from, as an error calls it.
    pub(crate) base: String,
    /// Whether it is known what the base sets: not of an image that the lock does not have.
    pub(crate) is_known: bool,
    /// Variables that are made from what is not known.
    pub(crate) unknown: BTreeSet<String>,
}

/// What is known of a variable.
pub(super) enum Value<'a> {
    Set(&'a str),
    Unset,
    /// The base may set it, or it is made from what the base may set.
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
    /// Whether all of it is known. Of an image that the lock does not pin, nobody knows what it sets: `$NAME` stays as it
    /// is then, so that a catalog can be planned to find out what it refers to. Such a plan has no id, and is not built.
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
