//! The secrets of a command: as files, or as variables.

use std::borrow::Cow;

use buildkit_llb::{Exec, SecretEnv, SecretFile};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    either::text_or_table,
    name::{InvalidName, SecretId},
    step::{Read, StepContext, StepError, config::unusable_name},
    template::TreeText,
};

/// A secret of a command: the file `/run/secrets/ID`, a file elsewhere, or a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Written")]
pub struct Secret(Table);

/// A secret as it is written.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    /// The id of a secret that the command cannot do without, as the file `/run/secrets/ID`.
    Id(SecretId),
    /// A secret in another place.
    Table(Table),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Secret")]
struct Table {
    /// Its id, as `--secret id=…` gives it.
    id: SecretId,
    /// The variable that has it; one that is not given is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    env: Option<String>,
    /// The absolute path of the file that has it, `/run/secrets/ID` by default; it may use what the base or an earlier
    /// step sets, as `$HOME/.netrc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<TreeText>,
    /// Whether the command can do without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

impl From<Secret> for Written {
    fn from(Secret(table): Secret) -> Self {
        match table {
            Table {
                id,
                env: None,
                target: None,
                optional: false,
            } => Self::Id(id),
            table => Self::Table(table),
        }
    }
}

impl TryFrom<Table> for Secret {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let secret = Self(table);
        secret.problem().map_or(Ok(secret), Err)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "SecretOfRun".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "the id of a secret, or `{ id = ID }` with `env` or `target`";
        let of_id = |id: &str| Ok::<_, InvalidName>(Self::of(id.parse()?));
        text_or_table::<_, _, _, Table>(deserializer, expecting, of_id)
    }
}

impl From<&str> for Secret {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl Secret {
    /// The secret that `--secret id=ID` gives, which the command cannot do without, as the file `/run/secrets/ID`.
    pub fn new(id: &str) -> Self {
        Self::of(SecretId::unchecked(id))
    }

    fn of(id: SecretId) -> Self {
        Self(Table {
            id,
            env: None,
            target: None,
            optional: false,
        })
    }

    /// As this variable instead of a file.
    pub fn env(mut self, name: &str) -> Self {
        self.0.env = Some(name.to_owned());
        self
    }

    /// As a file at this absolute path; a [`TreeText`].
    pub fn target(mut self, path: &str) -> Self {
        self.0.target = Some(TreeText::unchecked(path));
        self
    }

    /// The command can do without it. There is no file then; a variable is empty.
    pub fn optional(mut self) -> Self {
        self.0.optional = true;
        self
    }

    /// The path of its file, if it has one of its own.
    pub(super) fn path(&self) -> Option<&TreeText> {
        self.0.target.as_ref()
    }

    pub(super) fn read(&self) -> Read {
        Read::Secret {
            id: self.0.id.clone(),
            optional: self.0.optional,
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        let Table {
            id, env, target, ..
        } = &self.0;
        if let Err(error) = id.as_str().parse::<SecretId>() {
            return Some(error.to_string());
        }
        match (env, target) {
            (Some(_), Some(_)) => Some(format!(
                "the secret `{id}` is in a variable by `env` or in a file by `target`, not both"
            )),
            (Some(name), None) => unusable_name(name),
            _ => None,
        }
    }

    /// The command with the secret.
    pub(super) fn given_to(
        &self,
        exec: Exec,
        context: &StepContext<'_>,
    ) -> Result<Exec, StepError> {
        let Table {
            id,
            env,
            target,
            optional,
        } = &self.0;
        if let Some(name) = env {
            let secret = SecretEnv::new(name).id(id.as_str());
            let secret = if *optional { secret.optional() } else { secret };
            return Ok(exec.secret_env(secret));
        }
        let path = match target {
            Some(target) => context.expand_path("target", target)?,
            None => format!("/run/secrets/{id}"),
        };
        // Only the step runs in the container, as any user.
        let secret = SecretFile::new(path).id(id.as_str()).mode(0o444);
        let secret = if *optional { secret.optional() } else { secret };
        Ok(exec.mount(secret))
    }
}
