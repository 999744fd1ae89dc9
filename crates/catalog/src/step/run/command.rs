//! The command of a step: a shell command, or a file of the context directory.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    either::text_or_table,
    inputs::FileSet,
    path::ContextPath,
    step::{StepError, network::quoted},
    template::{Script, Template, TemplateError, Text, Variables},
};

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Command {
    /// A shell command as it is, but for `${{ name }}`.
    Shell(Script),
    /// An executable file of the context directory.
    Script {
        /// Its path in the context directory; a template.
        script: Template,
    },
}

/// A command that is written as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptTable {
    script: Template,
}

impl From<ScriptTable> for Command {
    fn from(ScriptTable { script }: ScriptTable) -> Self {
        Self::Script { script }
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "a shell command, or `{ script = FILE }`";
        let shell = |command: &str| command.parse().map(Self::Shell);
        text_or_table::<_, _, _, ScriptTable>(deserializer, expecting, shell)
    }
}

impl Command {
    /// What it is called, with values in the place of placeholders.
    pub(super) fn filled(&self, variables: &Variables) -> Result<String, TemplateError> {
        Ok(match self {
            Self::Shell(command) => first_line(&command.expand(variables)?),
            Self::Script { script } => format!("./{}", script.expand(variables)?),
        })
    }

    /// The shell command.
    pub(super) fn to_shell(
        &self,
        files: &FileSet,
        variables: &Variables,
    ) -> Result<String, StepError> {
        match self {
            Self::Shell(command) => Ok(command.expand(variables)?),
            Self::Script { script } => {
                let path: ContextPath = script.expand(variables)?.parse()?;
                if !files.get(&path).is_some_and(|file| file.executable) {
                    return Err(StepError::NotExecutable { path });
                }
                Ok(quoted(&format!("./{path}")))
            }
        }
    }

    /// Its file.
    pub(super) fn script(&self) -> Option<&Template> {
        match self {
            Self::Script { script } => Some(script),
            Self::Shell(_) => None,
        }
    }

    pub(super) fn text(&self) -> &dyn Text {
        match self {
            Self::Script { script } => script,
            Self::Shell(command) => command,
        }
    }
}

/// A command's first line.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script { script } => write!(f, "./{script}"),
            Self::Shell(command) => f.write_str(&first_line(command.as_str())),
        }
    }
}

/// The first line of a command, and whether there are more.
fn first_line(command: &str) -> String {
    let mut lines = command.trim().lines();
    let first = lines.next().unwrap_or_default();
    match lines.next() {
        Some(_) => format!("{first} …"),
        None => first.to_owned(),
    }
}
