//! A text whose class depends on what stands beside it.

use std::{convert::Infallible, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Template, TreeText};

/// A text that is a path of the context, a [`Template`], or one in a tree, a [`TreeText`]: another key of its step says
/// which. What is wrong with it is told when that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
pub struct EitherText {
    template: Template,
    tree: TreeText,
}

impl EitherText {
    /// As a path of the context.
    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    /// As a path in a tree.
    pub(crate) fn tree(&self) -> &TreeText {
        &self.tree
    }
}

impl From<&str> for EitherText {
    fn from(text: &str) -> Self {
        Self {
            template: Template::unchecked(text),
            tree: TreeText::unchecked(text),
        }
    }
}

impl From<String> for EitherText {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl FromStr for EitherText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl From<EitherText> for String {
    fn from(text: EitherText) -> Self {
        text.template.into()
    }
}

impl fmt::Display for EitherText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.template.fmt(f)
    }
}
