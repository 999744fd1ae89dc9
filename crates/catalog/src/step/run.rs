//! Running a shell command, with files mounted and caches kept.

use std::{collections::BTreeMap, fmt};

use buildkit_llb::{BindMount, Exec, NetworkMode, SecretFile, SshSocket};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Apply, CA_SECRET, Cache, Read, Reader, StepContext, StepError,
    image::as_texts,
    main_file::main_file,
    network::{Program, quoted},
};
use crate::{
    either::text_or_table,
    inputs::FileSet,
    location::declared_file,
    name::{SecretId, SshId},
    path::ContextPath,
    template::{Script, Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Runs a command with `/bin/sh -e` in the tree, or, if it begins with `#!`, with the program that stands there. Files that
/// it declares are mounted read-only, never copied, and it runs in the directory that has them at their paths in the
/// context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What is run.
    #[serde(rename = "run")]
    command: Command,
    /// Files, directories and globs of the context directory that it reads; templates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<Template>,
    /// What is kept from one build to the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cache: Vec<Cache>,
    /// Variables for this step alone. Values may use what the base or an earlier step sets, as `/opt/bin:$PATH`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, TreeText>,
    /// Secrets that it cannot do without, as files in `/run/secrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretId>,
    /// Ssh agents that it cannot do without; `SSH_AUTH_SOCK` leads to the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ssh: Vec<SshId>,
    /// Whether it may reach the network.
    #[serde(default, skip_serializing_if = "Network::is_default")]
    network: Network,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
enum Command {
    /// A shell command as it is, but for `${{ name }}`.
    Shell(Script),
    /// An executable file among the declared ones.
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
    /// The shell command.
    fn to_shell(&self, files: &FileSet, variables: &Variables) -> Result<String, StepError> {
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
}

/// A command's first line.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script { script } => write!(f, "./{script}"),
            Self::Shell(command) => {
                let mut lines = command.as_str().trim().lines();
                f.write_str(lines.next().unwrap_or_default())?;
                if lines.next().is_some() {
                    f.write_str(" …")
                } else {
                    Ok(())
                }
            }
        }
    }
}

/// Whether a step may reach the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
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

/// The mount point of declared files.
const FILES: &str = "/run/llbgen/files";

impl Run {
    /// Runs a shell command, a [`Script`].
    pub fn command(command: &str) -> Self {
        Self::new(Command::Shell(Script::unchecked(command)))
    }

    /// Runs an executable file of the context directory; the path is a template.
    pub fn script(path: &str) -> Self {
        let script = Template::unchecked(path);
        Self::new(Command::Script { script }).files([path])
    }

    fn new(command: Command) -> Self {
        Self {
            command,
            files: Vec::new(),
            cache: Vec::new(),
            env: BTreeMap::new(),
            secrets: Vec::new(),
            ssh: Vec::new(),
            network: Network::Default,
        }
    }

    /// Files, directories and globs of the context directory that it reads; templates.
    pub fn files<'a>(mut self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        self.files
            .extend(paths.into_iter().map(Template::unchecked));
        self
    }

    /// Keeps a cache from one build to the next.
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache.push(cache);
        self
    }

    /// Sets a variable for this step alone; the value is a [`TreeText`].
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), TreeText::unchecked(value));
        self
    }

    /// Gives it a secret, as the file `/run/secrets/ID`.
    pub fn secret(mut self, id: &str) -> Self {
        self.secrets.push(SecretId::unchecked(id));
        self
    }

    /// Gives it an ssh agent, as the socket that `SSH_AUTH_SOCK` names; `default` is the user's own. The step sees
    /// public keys and can ask for signatures. A private key never leaves the agent.
    pub fn ssh(mut self, id: &str) -> Self {
        self.ssh.push(SshId::unchecked(id));
        self
    }

    /// Whether it may reach the network.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    fn paths(&self, variables: &Variables) -> Result<Vec<ContextPath>, StepError> {
        self.files
            .iter()
            .map(|template| Ok(ContextPath::declared(&template.expand(variables)?)?))
            .collect()
    }

    /// All files that it declares.
    fn declared(&self, context: &StepContext<'_>) -> Result<FileSet, StepError> {
        let mut files = FileSet::new();
        for path in self.paths(context.variables())? {
            files.add(context.files(&path)?);
        }
        Ok(files)
    }

    fn exec(&self, files: &FileSet, context: &StepContext<'_>) -> Result<Exec, StepError> {
        let command = self.command.to_shell(files, context.variables())?;
        let program = Program::of(&command);
        let exec = match self.network {
            Network::Default => context.networked(&program),
            Network::None => program.exec().network(NetworkMode::None),
        };
        let file = main_file(&command, files).and_then(|(path, text)| declared_file(path, text));
        Ok(file
            .into_iter()
            .fold(context.captioned(exec), Exec::location))
    }
}

impl Apply for Run {
    fn title(&self) -> String {
        format!("run {}", self.command)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let files = self.paths(reader.variables)?.into_iter().map(Read::Files);
        let secrets = self.secrets.iter().map(|id| Read::Secret {
            id: id.clone(),
            optional: false,
        });
        let certificates = (self.network == Network::Default).then(|| Read::Secret {
            id: SecretId::unchecked(CA_SECRET),
            optional: true,
        });
        let packer = (!self.files.is_empty()).then_some(Read::Packer);
        let agents = self.ssh.iter().map(|id| Read::Ssh { id: id.clone() });
        let reads = files
            .chain(secrets)
            .chain(certificates)
            .chain(agents)
            .chain(packer);
        Ok(reads.collect())
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let files = self.declared(context)?;
        let mut exec = self.exec(&files, context)?;
        for cache in &self.cache {
            exec = cache.mounted_in(exec, context)?;
        }
        if !files.is_empty() {
            let declared = self.paths(context.variables())?;
            let state = context.files_state(&declared)?;
            exec = exec
                .mount(BindMount::new(FILES, &state).readonly())
                .dir(FILES);
        }
        for (name, value) in &self.env {
            exec = exec.env(name.as_str(), context.expand(value)?);
        }
        for id in &self.secrets {
            // Only the step runs in the container, as any user.
            let secret = SecretFile::new(format!("/run/secrets/{id}")).id(id.as_str());
            exec = exec.mount(secret.mode(0o444));
        }
        for id in &self.ssh {
            exec = exec.mount(SshSocket::new().id(id.as_str()).mode(0o666));
        }
        Ok(Tree {
            state: tree.state.run(exec),
            ..tree
        })
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let mut texts: Vec<&dyn Text> = match &self.command {
            Command::Script { script } => vec![script],
            Command::Shell(command) => vec![command],
        };
        texts.extend(as_texts(&self.files));
        texts.extend(as_texts(self.env.values()));
        texts.extend(as_texts(self.cache.iter().filter_map(Cache::path)));
        texts
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        let mut caches = self.cache.iter();
        caches.try_for_each(|cache| cache.check(variables))
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if matches!(&self.command, Command::Shell(command) if command.as_str().trim().is_empty()) {
            problems.push("`run` has no command".to_owned());
        }
        problems.extend(super::config::unusable_names(&self.env));
        let secrets = self
            .secrets
            .iter()
            .filter_map(|id| id.as_str().parse::<SecretId>().err());
        problems.extend(secrets.map(|error| error.to_string()));
        let agents = self
            .ssh
            .iter()
            .filter_map(|id| id.as_str().parse::<SshId>().err());
        problems.extend(agents.map(|error| error.to_string()));
        problems
    }
}
