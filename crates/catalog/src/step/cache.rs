//! The caches of a command, from one build to the next.

use std::borrow::Cow;

use buildkit_llb::{CacheMount, CacheSharing, Exec, FileActions, Mkdir, State};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use super::{StepContext, StepError};
use crate::{
    either::text_or_table,
    name::CacheId,
    template::{TemplateError, TreeText, Variables},
};

/// What is kept from one build to the next, apart for every distribution and platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Written")]
pub enum Cache {
    /// npm's downloads.
    Npm,
    /// pip's downloads and wheels.
    Pip,
    /// A directory.
    Directory(CacheDirectory),
}

/// A directory that is kept from one build to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheDirectory {
    /// Its absolute path, which may use what the base or an earlier step sets, as `$HOME/.m2`.
    target: TreeText,
    /// The name of what is kept, so that commands share it at different paths; the path by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<CacheId>,
    /// The rule for commands that use it at once; `shared` by default.
    #[serde(default, skip_serializing_if = "Sharing::is_default")]
    sharing: Sharing,
}

/// The rule for commands that use a cache at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// They use it side by side.
    #[default]
    Shared,
    /// Each has one of its own.
    Private,
    /// One waits for the other.
    Locked,
}

impl Sharing {
    /// As serde calls it, by reference.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `skip_serializing_if` passes a reference"
    )]
    fn is_default(sharing: &Self) -> bool {
        *sharing == Self::Shared
    }
}

/// A cache as it is written.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    /// `npm`, `pip`, or the absolute path of a directory, which may use what the base or an earlier step sets, as
    /// `$HOME/.m2`.
    Text(String),
    /// A directory with its rules.
    Table(CacheDirectory),
}

impl From<Cache> for Written {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::Npm => Self::Text("npm".to_owned()),
            Cache::Pip => Self::Text("pip".to_owned()),
            Cache::Directory(CacheDirectory {
                target,
                id: None,
                sharing: Sharing::Shared,
            }) => Self::Text(target.into()),
            Cache::Directory(directory) => Self::Table(directory),
        }
    }
}

impl JsonSchema for Cache {
    fn schema_name() -> Cow<'static, str> {
        "Cache".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Cache {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "`npm`, `pip`, an absolute path, or `{ target = PATH }`";
        text_or_table::<_, _, _, CacheDirectory>(deserializer, expecting, of_text)
    }
}

fn of_text(text: &str) -> Result<Cache, String> {
    match text {
        "npm" => Ok(Cache::Npm),
        "pip" => Ok(Cache::Pip),
        path if path.starts_with(['/', '{', '$']) => {
            let target = path
                .parse()
                .map_err(|error: TemplateError| error.to_string())?;
            Ok(CacheDirectory::at(target).into())
        }
        _ => Err(no_cache(text)),
    }
}

fn no_cache(text: &str) -> String {
    format!("`{text}` is not a cache: write `npm`, `pip`, or an absolute path")
}

fn absolute(path: &str) -> Result<String, StepError> {
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    Err(StepError::wrong(no_cache(path), path))
}

impl CacheDirectory {
    fn at(target: TreeText) -> Self {
        Self {
            target,
            id: None,
            sharing: Sharing::Shared,
        }
    }

    /// The name of what is kept. Commands with the same share it, at whatever paths.
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(CacheId::unchecked(id));
        self
    }

    /// The rule for commands that use it at once.
    pub fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// The mount point. Without an environment, the path of a plan that is made to find the base.
    fn target(&self, context: &StepContext<'_>) -> Result<String, StepError> {
        let unknown = || context.expand_path("cache", &self.target);
        context
            .read(&self.target, absolute)?
            .map_or_else(unknown, Ok)
    }
}

impl From<CacheDirectory> for Cache {
    fn from(directory: CacheDirectory) -> Self {
        Self::Directory(directory)
    }
}

impl Cache {
    /// A directory, given by its absolute path; a [`TreeText`].
    pub fn directory(path: &str) -> CacheDirectory {
        CacheDirectory::at(TreeText::unchecked(path))
    }

    /// The path of a directory.
    pub(super) fn path(&self) -> Option<&TreeText> {
        match self {
            Self::Directory(directory) => Some(&directory.target),
            Self::Npm | Self::Pip => None,
        }
    }

    /// The problem of its id.
    pub(super) fn problem(&self) -> Option<String> {
        let Self::Directory(directory) = self else {
            return None;
        };
        let id = directory.id.as_ref()?.as_str().parse::<CacheId>();
        id.err().map(|error| error.to_string())
    }

    /// Refuses a path that is not absolute for a variant with these variables.
    pub(super) fn check(&self, variables: &Variables) -> Result<(), StepError> {
        let path = self.path().map(|path| path.without_environment(variables));
        match path.transpose()?.flatten() {
            Some(path) => absolute(&path).map(drop),
            None => Ok(()),
        }
    }

    /// The command with the cache mounted, and with the variable that leads the tool to it.
    pub(super) fn mounted_in(
        &self,
        exec: Exec,
        context: &StepContext<'_>,
    ) -> Result<Exec, StepError> {
        let place = self.place(context)?;
        let id = context.cache_id(&place.name);
        let mount = CacheMount::new(place.target.as_str(), id)
            .from_state(&anybody())
            .selector("/cache")
            .sharing(place.sharing);
        let exec = exec.mount(mount);
        Ok(match place.variable {
            Some(variable) => exec.env(variable, place.target),
            None => exec,
        })
    }

    /// The mount point for a variant, the name of the cache, and the variable that leads the tool there, whatever the
    /// user's home is.
    fn place(&self, context: &StepContext<'_>) -> Result<CachePlace, StepError> {
        let of_tool = |name: &str, variable| CachePlace {
            target: format!("/var/cache/llbgen/{name}"),
            name: name.to_owned(),
            variable: Some(variable),
            sharing: CacheSharing::Shared,
        };
        match self {
            Self::Npm => Ok(of_tool("npm", "npm_config_cache")),
            Self::Pip => Ok(of_tool("pip", "PIP_CACHE_DIR")),
            Self::Directory(directory) => {
                let target = directory.target(context)?;
                // Neither a path nor the cache of a tool has a name like this.
                let named = |id: &CacheId| format!("id {id}");
                Ok(CachePlace {
                    name: directory.id.as_ref().map_or_else(|| target.clone(), named),
                    target,
                    variable: None,
                    sharing: match directory.sharing {
                        Sharing::Shared => CacheSharing::Shared,
                        Sharing::Private => CacheSharing::Private,
                        Sharing::Locked => CacheSharing::Locked,
                    },
                })
            }
        }
    }
}

/// The place of a cache.
struct CachePlace {
    target: String,
    name: String,
    variable: Option<&'static str>,
    sharing: CacheSharing,
}

/// The first state of a cache mount: a directory that a step of any user can write to.
fn anybody() -> State {
    let make = Mkdir::new("/cache").mode(0o777).created(0);
    State::scratch().file(FileActions::new().mkdir(make))
}
