//! The caches of a command, from one build to the next.

use buildkit_llb::{CacheMount, CacheSharing, Exec, FileActions, Mkdir, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{StepContext, StepError};
use crate::template::{TemplateError, TreeText, Variables};

/// What is kept from one build to the next, apart for every architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Cache {
    /// npm's downloads.
    Npm,
    /// pip's downloads and wheels.
    Pip,
    /// A directory, given by its absolute path, which may use what the base or an earlier step sets, as `$HOME/.m2`.
    Directory(TreeText),
}

impl TryFrom<String> for Cache {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "npm" => Ok(Self::Npm),
            "pip" => Ok(Self::Pip),
            path if path.starts_with(['/', '{', '$']) => {
                let path = path.parse();
                path.map(Self::Directory)
                    .map_err(|error: TemplateError| error.to_string())
            }
            _ => Err(no_cache(&text)),
        }
    }
}

fn no_cache(text: &str) -> String {
    format!("`{text}` is not a cache: write `npm`, `pip`, or an absolute path")
}

fn absolute(path: &str) -> Result<String, StepError> {
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let reason = no_cache(path);
    Err(StepError::Refused { reason })
}

impl From<Cache> for String {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::Npm => "npm".to_owned(),
            Cache::Pip => "pip".to_owned(),
            Cache::Directory(path) => path.into(),
        }
    }
}

impl Cache {
    /// A directory, given by its absolute path; a [`TreeText`].
    pub fn directory(path: &str) -> Self {
        Self::Directory(TreeText::unchecked(path))
    }

    /// The path of a directory.
    pub(super) fn path(&self) -> Option<&TreeText> {
        match self {
            Self::Directory(path) => Some(path),
            Self::Npm | Self::Pip => None,
        }
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
            .sharing(CacheSharing::Shared);
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
        };
        match self {
            Self::Npm => Ok(of_tool("npm", "npm_config_cache")),
            Self::Pip => Ok(of_tool("pip", "PIP_CACHE_DIR")),
            Self::Directory(path) => {
                // The base is not known yet: this plan is made to find it.
                let unknown = || context.expand_path("cache", path);
                let target = context.read(path, absolute)?.map_or_else(unknown, Ok)?;
                Ok(CachePlace {
                    name: target.clone(),
                    target,
                    variable: None,
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
}

/// The first state of a cache mount: a directory that a step of any user can write to.
fn anybody() -> State {
    let make = Mkdir::new("/cache").mode(0o777).created(0);
    State::scratch().file(FileActions::new().mkdir(make))
}
