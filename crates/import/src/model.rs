//! The catalog that is written: its tables, in order, with their comments.

use std::collections::BTreeSet;

use crate::{
    options::Opt,
    text::{Script, Text},
};

/// A value of TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    /// A text of class S, which is written when all names of the catalog are known.
    Script(Script),
    List(Vec<Value>),
    Table(Vec<(String, Value)>),
    Bool(bool),
    Number(u32),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A list, or its only text alone.
    pub(crate) fn one_or_list(mut texts: Vec<String>) -> Self {
        match texts.len() {
            1 => Self::Text(texts.remove(0)),
            _ => Self::list(texts),
        }
    }
}

/// An element of a list of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Comment(String),
    Step(Vec<(String, Value)>),
}

/// An artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Artifact {
    pub(crate) name: String,
    pub(crate) comments: Vec<String>,
    pub(crate) keys: Vec<(String, Value)>,
    pub(crate) steps: Vec<Item>,
}

/// Values by the rows of an axis: for each row, fields with their texts.
pub(crate) type Rows = (String, Vec<(String, Vec<(String, Text)>)>);

/// A catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Catalog {
    pub(crate) comments: Vec<String>,
    pub(crate) default: Vec<String>,
    pub(crate) groups: Vec<(String, Vec<String>)>,
    pub(crate) options: Vec<Opt>,
    pub(crate) axes: BTreeSet<String>,
    pub(crate) values: Vec<Rows>,
    pub(crate) artifacts: Vec<Artifact>,
}
