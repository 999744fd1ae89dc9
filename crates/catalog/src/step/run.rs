//! Running a shell command, with files mounted and caches kept.

use std::collections::BTreeMap;

use buildkit_llb::{BindMount, CacheMount, CacheSharing, Exec, NetworkMode, SecretFile};
use serde::{Deserialize, Serialize};

use super::{
    Apply, CA_SECRET, Read, Reader, StepContext, StepError,
    network::{networked_shell, shell},
};
use crate::{inputs::FileSet, name::SecretId, path::ContextPath, template::Template, tree::Tree};

/// Runs a command with `/bin/sh -e` in the tree. Files that it declares are mounted read-only, never copied, and it
/// runs in the directory that has them at their paths in the context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The command.
    #[serde(rename = "run")]
    command: String,
    /// Files, directories and globs of the context directory that it reads; templates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<Template>,
    /// What is kept from one build to the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cache: Vec<Cache>,
    /// Variables for this step alone; templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, Template>,
    /// Secrets that it cannot do without, as files in `/run/secrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretId>,
    /// Whether it may reach the network.
    #[serde(default, skip_serializing_if = "Network::is_default")]
    network: Network,
    /// What [`problems`](Apply::problems) will say of text that could not be read.
    #[serde(skip)]
    unreadable: Vec<String>,
}

/// What is kept from one build to the next, apart for every architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Cache {
    /// npm's downloads.
    Npm,
    /// pip's downloads and wheels.
    Pip,
    /// A directory, given by its absolute path.
    Directory(String),
}

impl TryFrom<String> for Cache {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "npm" => Ok(Self::Npm),
            "pip" => Ok(Self::Pip),
            path if path.starts_with('/') => Ok(Self::Directory(text)),
            _ => Err(format!(
                "`{text}` is not a cache: write `npm`, `pip`, or an absolute path"
            )),
        }
    }
}

impl From<Cache> for String {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::Npm => "npm".to_owned(),
            Cache::Pip => "pip".to_owned(),
            Cache::Directory(path) => path,
        }
    }
}

impl Cache {
    /// Where it is mounted, and the variable that leads the tool there whatever the user's home is.
    fn place(&self) -> (&str, Option<&str>) {
        match self {
            Self::Npm => ("/var/cache/llbgen/npm", Some("npm_config_cache")),
            Self::Pip => ("/var/cache/llbgen/pip", Some("PIP_CACHE_DIR")),
            Self::Directory(path) => (path, None),
        }
    }

    fn id(&self, key: &str) -> String {
        let name = String::from(self.clone());
        format!("llbgen-{}-{key}", name.trim_matches('/').replace('/', "-"))
    }
}

/// Whether a step may reach the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The daemon's default, which reaches the world.
    #[default]
    Default,
    /// Only a loopback interface.
    None,
}

impl Network {
    /// As serde calls it, by reference.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `skip_serializing_if` passes a reference"
    )]
    fn is_default(network: &Self) -> bool {
        *network == Self::Default
    }
}

/// Where declared files are mounted.
const FILES: &str = "/run/llbgen/files";

impl Run {
    /// Runs a shell command.
    pub fn command(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            files: Vec::new(),
            cache: Vec::new(),
            env: BTreeMap::new(),
            secrets: Vec::new(),
            network: Network::Default,
            unreadable: Vec::new(),
        }
    }

    /// Runs an executable file of the context directory.
    pub fn script(path: &str) -> Self {
        Self::command(&format!("./{path}")).files([path])
    }

    /// Files, directories and globs of the context directory that it reads; templates.
    pub fn files<'a>(mut self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        for path in paths {
            match path.parse() {
                Ok(template) => self.files.push(template),
                Err(error) => self.unreadable.push(error.to_string()),
            }
        }
        self
    }

    /// Keeps a cache from one build to the next.
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache.push(cache);
        self
    }

    /// Sets a variable for this step alone; the value is a template.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        match value.parse() {
            Ok(template) => drop(self.env.insert(name.to_owned(), template)),
            Err(error) => self.unreadable.push(error.to_string()),
        }
        self
    }

    /// Gives it a secret, as the file `/run/secrets/ID`.
    pub fn secret(mut self, id: &str) -> Self {
        match id.parse() {
            Ok(id) => self.secrets.push(id),
            Err(error) => self.unreadable.push(error.to_string()),
        }
        self
    }

    /// Whether it may reach the network.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    fn paths(&self, variables: &crate::template::Variables) -> Result<Vec<ContextPath>, StepError> {
        self.files
            .iter()
            .map(|template| Ok(template.expand(variables)?.parse()?))
            .collect()
    }

    fn shell(&self) -> Exec {
        match self.network {
            Network::Default => networked_shell(&self.command),
            Network::None => shell(&self.command).network(NetworkMode::None),
        }
    }
}

impl Apply for Run {
    fn title(&self) -> String {
        let first = self.command.lines().next().unwrap_or_default();
        let more = if self.command.lines().count() > 1 {
            " …"
        } else {
            ""
        };
        format!("run {first}{more}")
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let files = self.paths(reader.variables)?.into_iter().map(Read::Files);
        let secrets = self.secrets.iter().map(|id| Read::Secret {
            id: id.clone(),
            optional: false,
        });
        let certificates = (self.network == Network::Default).then(|| Read::Secret {
            id: CA_SECRET.parse().expect("a valid secret id"),
            optional: true,
        });
        Ok(files.chain(secrets).chain(certificates).collect())
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let mut exec = self.shell().custom_name(context.vertex_name());
        let mut files = FileSet::new();
        for path in self.paths(context.variables())? {
            files.extend(context.files(&path)?.clone());
        }
        if !files.is_empty() {
            let state = context.files_state(&files, ContextPath::clone);
            exec = exec
                .mount(BindMount::new(FILES, &state).readonly())
                .dir(FILES);
        }
        let key = context.cache_key();
        for cache in &self.cache {
            let (target, variable) = cache.place();
            exec =
                exec.mount(CacheMount::new(target, cache.id(&key)).sharing(CacheSharing::Shared));
            if let Some(variable) = variable {
                exec = exec.env(variable, target);
            }
        }
        for (name, value) in &self.env {
            exec = exec.env(name.as_str(), context.expand(value)?);
        }
        for id in &self.secrets {
            exec = exec.mount(SecretFile::new(format!("/run/secrets/{id}")).id(id.as_str()));
        }
        Ok(Tree {
            state: tree.state.run(exec),
            ..tree
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.unreadable.clone();
        if self.command.trim().is_empty() {
            problems.push("`run` has no command".to_owned());
        }
        problems.extend(super::config::unusable_names(&self.env));
        problems
    }
}
