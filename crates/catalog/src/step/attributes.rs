//! Modes and owners of what steps put into a tree.

use file_set::{Mode, Owner};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{StepContext, StepError};
use crate::{
    placing::Attributes,
    template::{Template, Text, TreeText, Variables},
};

/// A mode, as `chmod` takes it: octal, as `0755`, or changes, as `u=rwX,go=rX`; a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ModeText(Template);

/// The word for the modes that files have on the disk.
const KEEP: &str = "keep";

impl ModeText {
    /// Whether it is `keep`, which stands for the modes that files have on the disk.
    pub(super) fn keeps(&self, variables: &Variables) -> Result<bool, StepError> {
        Ok(self.0.expand(variables)? == KEEP)
    }

    fn mode(&self, variables: &Variables) -> Result<Mode, StepError> {
        let text = self.0.expand(variables)?;
        let wrong = |reason: String| StepError::Wrong {
            text: self.0.to_string(),
            reason: format!("`mode`: {reason}"),
        };
        if text == KEEP {
            return Err(wrong(
                "`keep` stands for the modes that copied files have, and nothing is copied here"
                    .to_owned(),
            ));
        }
        text.parse::<Mode>()
            .map_err(|error| wrong(error.to_string()))
    }
}

impl From<u32> for ModeText {
    fn from(bits: u32) -> Self {
        Self(Template::unchecked(&format!("{bits:04o}")))
    }
}

impl From<&str> for ModeText {
    fn from(text: &str) -> Self {
        Self(Template::unchecked(text))
    }
}

/// The keys `mode` and `owner` of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttributeKeys<'a> {
    pub(super) mode: Option<&'a ModeText>,
    pub(super) owner: Option<&'a TreeText>,
}

impl<'a> AttributeKeys<'a> {
    /// The texts of both.
    pub(super) fn texts(self) -> impl Iterator<Item = &'a dyn Text> {
        let mode = self.mode.map(|mode| &mode.0 as &dyn Text);
        let owner = self.owner.map(|owner| owner as &dyn Text);
        mode.into_iter().chain(owner)
    }

    /// Refuses a mode or an owner that is none, if that is known without a tree.
    pub(super) fn check(self, variables: &Variables) -> Result<(), StepError> {
        if let Some(mode) = self.mode {
            mode.mode(variables)?;
        }
        if let Some(text) = self.owner
            && let Some(owner) = text.without_environment(variables)?
        {
            read_owner(text, &owner)?;
        }
        Ok(())
    }

    /// Their values for the tree of `context`. An owner that is not known yet is left out of the plan that finds it out.
    pub(super) fn values(self, context: &StepContext<'_>) -> Result<Attributes, StepError> {
        let mode = self.mode.map(|mode| mode.mode(context.variables()));
        let owner = match self.owner {
            Some(text) => context.read(text, |owner| read_owner(text, owner))?,
            None => None,
        };
        Ok(Attributes {
            mode: mode.transpose()?,
            owner,
        })
    }
}

fn read_owner(text: &TreeText, owner: &str) -> Result<Owner, StepError> {
    owner
        .parse()
        .map_err(|error: file_set::OwnerError| StepError::Wrong {
            text: text.to_string(),
            reason: format!("`owner`: {error}"),
        })
}
