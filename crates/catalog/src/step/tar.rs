//! Carrying the tar of another artifact.

use file_set::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Apply, Read, Reader, StepContext, StepError, attributes::AttributeKeys, context::check_absolute,
};
use crate::{
    placing::{Attributes, Copying, Placing, escaped},
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Puts the tar of a rootfs or layer artifact of the catalog into the tree: the very bytes that a build of that artifact
/// writes, packed inside the graph. Owner 0:0 unless `owner` says otherwise, mode 0644, mtime 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tar {
    /// The artifact; a template.
    #[serde(rename = "tar")]
    artifact: Template,
    /// An absolute path in the tree; it may use what the base or an earlier step sets, as `$HOME/bin`.
    to: TreeText,
    /// The owner: `user` or `user:group`, by numbers or by names that the tree has; root by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<TreeText>,
}

impl Tar {
    /// Puts the tar of `artifact` at the absolute path `to`. `artifact` is a template, `to` a [`TreeText`].
    pub fn of(artifact: &str, to: &str) -> Self {
        Self {
            artifact: Template::unchecked(artifact),
            to: TreeText::unchecked(to),
            owner: None,
        }
    }

    /// The owner, `user` or `user:group`, a [`TreeText`]; root by default.
    pub fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(TreeText::unchecked(owner));
        self
    }

    fn attributes(&self) -> AttributeKeys<'_> {
        AttributeKeys {
            mode: None,
            owner: self.owner.as_ref(),
        }
    }

    fn read(&self, variables: &Variables) -> Result<Read, StepError> {
        Ok(Read::Tar(self.artifact.expand(variables)?))
    }
}

impl Apply for Tar {
    fn title(&self) -> String {
        format!("tar of {} to {}", self.artifact, self.to)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![self.read(reader.variables)?, Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let to = context.expand_path("to", &self.to)?;
        let source = context.source(&self.read(context.variables())?)?;
        let copying = Copying {
            attributes: Attributes {
                mode: Some(Mode::of_bits(0o644)),
                ..self.attributes().values(context)?
            },
            // The time of the packed file is that of the run that packed it.
            time: Some(0),
            ..Copying::new(&source.state, escaped(&source.path), to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let texts: [&dyn Text; 2] = [&self.artifact, &self.to];
        texts.into_iter().chain(self.attributes().texts()).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("to", &self.to, variables)?;
        self.attributes().check(variables)
    }
}
