//! Carrying the tar of another artifact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError, context::check_absolute};
use crate::{
    placing::{Copying, Placing, escaped},
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Puts the tar of a rootfs or layer artifact of the catalog into the tree: the very bytes that a build of that artifact
/// writes, packed inside the graph. Owner 0:0, mode 0644, mtime 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tar {
    /// The artifact; a template.
    #[serde(rename = "tar")]
    artifact: Template,
    /// An absolute path in the tree; it may use what the base or an earlier step sets, as `$HOME/bin`.
    to: TreeText,
}

impl Tar {
    /// Puts the tar of `artifact` at the absolute path `to`. `artifact` is a template, `to` a [`TreeText`].
    pub fn of(artifact: &str, to: &str) -> Self {
        Self {
            artifact: Template::unchecked(artifact),
            to: TreeText::unchecked(to),
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
            mode: Some(0o644),
            // The time of the packed file is that of the run that packed it.
            time: Some(0),
            ..Copying::new(&source.state, escaped(&source.path), to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        vec![&self.artifact, &self.to]
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("to", &self.to, variables)
    }
}
