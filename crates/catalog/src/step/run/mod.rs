//! Running a shell command, with files mounted and caches kept.

mod builder;
mod checks;
mod command;
mod mount;
mod secret;

use std::collections::BTreeMap;

use buildkit_llb::{BindMount, Exec, NetworkMode, SshSocket, TmpfsMount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::command::Command;
pub use self::{mount::Mount, secret::Secret};
use super::{
    Apply, CA_SECRET, Cache, Read, Reader, StepContext, StepError,
    config::{somebody, unusable_names},
    image::as_texts,
    main_file::main_file,
    program::Program,
};
use crate::{
    either::{OneOrSeveral, several},
    inputs::FileSet,
    location::declared_file,
    name::{SecretId, SshId},
    path::ContextPath,
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Runs a command with `/bin/sh -e` or with `shell` in the tree, or, if it begins with `#!`, with the program that stands
/// there. Files that it declares are mounted read-only, never copied, and it runs in the directory that has them at their
/// paths in the context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What is run.
    #[serde(rename = "run")]
    command: Command,
    /// Files, directories and globs of the context directory that it reads; templates.
    #[serde(
        default,
        deserialize_with = "several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "OneOrSeveral<Template>")]
    files: Vec<Template>,
    /// What is kept from one build to the next.
    #[serde(
        default,
        deserialize_with = "several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "OneOrSeveral<Cache>")]
    cache: Vec<Cache>,
    /// Variables for this step alone. Values may use what the base or an earlier step sets, as `/opt/bin:$PATH`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, TreeText>,
    /// The directory that it runs in, instead of that of the tree. An absolute path, which may use what the base or an
    /// earlier step sets, as `$HOME/src`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workdir: Option<TreeText>,
    /// The user that it runs as, `user[:group]`, instead of that of the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<TreeText>,
    /// The shell that runs it, and its flags; the command is its last argument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shell: Option<Vec<String>>,
    /// Files that it sees at other places: of the context directory, or of another artifact or image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<Mount>,
    /// The absolute paths of directories in memory, which are empty when it starts and gone when it ends.
    #[serde(
        default,
        deserialize_with = "several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "OneOrSeveral<TreeText>")]
    tmpfs: Vec<TreeText>,
    /// Secrets, as files in `/run/secrets` unless they say otherwise.
    #[serde(
        default,
        deserialize_with = "several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "OneOrSeveral<Secret>")]
    secrets: Vec<Secret>,
    /// Ssh agents that it cannot do without; `SSH_AUTH_SOCK` leads to the first.
    #[serde(
        default,
        deserialize_with = "several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "OneOrSeveral<SshId>")]
    ssh: Vec<SshId>,
    /// Whether it may reach the network.
    #[serde(default, skip_serializing_if = "Network::is_default")]
    network: Network,
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
    /// The paths and globs that it declares, its own file among them.
    fn paths(&self, variables: &Variables) -> Result<Vec<ContextPath>, StepError> {
        let mut paths = Vec::new();
        for template in &self.files {
            paths.push(ContextPath::declared(&template.expand(variables)?)?);
        }
        if let Some(script) = self.command.script() {
            let script: ContextPath = script.expand(variables)?.parse()?;
            let has_it = |path: &ContextPath| {
                *path == script || (!path.is_glob() && script.strip_prefix(path).is_some())
            };
            if !paths.iter().any(has_it) {
                paths.push(script);
            }
        }
        Ok(paths)
    }

    /// All files that it declares.
    fn declared(&self, context: &StepContext<'_>) -> Result<FileSet, StepError> {
        let mut files = FileSet::new();
        for path in self.paths(context.variables())? {
            files.add(context.files(&path)?);
        }
        Ok(files)
    }

    fn has_files(&self) -> bool {
        !self.files.is_empty() || self.command.script().is_some()
    }

    fn exec(&self, files: &FileSet, context: &StepContext<'_>) -> Result<Exec, StepError> {
        let command = self.command.to_shell(files, context.variables())?;
        let program = Program::of(&command, self.shell.as_deref().or(context.shell));
        let exec = match self.network {
            Network::Default => context.networked(&program),
            Network::None => program.exec().network(NetworkMode::None),
        };
        let file = main_file(&command, files).and_then(|(path, text)| declared_file(path, text));
        Ok(file
            .into_iter()
            .fold(context.captioned(exec), Exec::location))
    }

    /// The command with the user, the directory and the variables that it has for itself.
    fn set_up(&self, mut exec: Exec, context: &StepContext<'_>) -> Result<Exec, StepError> {
        if let Some(workdir) = &self.workdir {
            exec = exec.dir(context.expand_path("workdir", workdir)?);
        }
        if let Some(user) = &self.user {
            context.read(user, somebody)?;
            exec = exec.user(context.expand(user)?);
        }
        for (name, value) in &self.env {
            exec = exec.env(name.as_str(), context.expand(value)?);
        }
        Ok(exec)
    }

    /// The command with everything mounted that is no file of its directory.
    fn mounted_in(&self, mut exec: Exec, context: &mut StepContext<'_>) -> Result<Exec, StepError> {
        for mount in &self.mounts {
            exec = mount.mounted_in(exec, context)?;
        }
        for path in &self.tmpfs {
            exec = exec.mount(TmpfsMount::new(context.expand_path("tmpfs", path)?));
        }
        for secret in &self.secrets {
            exec = secret.given_to(exec, context)?;
        }
        for id in &self.ssh {
            exec = exec.mount(SshSocket::new().id(id.as_str()).mode(0o666));
        }
        Ok(exec)
    }
}

impl Apply for Run {
    fn title(&self) -> String {
        format!("run {}", self.command)
    }

    fn filled_title(&self, variables: &Variables) -> String {
        let filled = self.command.filled(variables);
        filled.map_or_else(|_| self.title(), |command| format!("run {command}"))
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let files = self.paths(reader.variables)?;
        let files = files.into_iter().map(|path| Read::Files(path.into()));
        let secrets = self.secrets.iter().map(Secret::read);
        let certificates = (self.network == Network::Default).then(|| Read::Secret {
            id: SecretId::unchecked(CA_SECRET),
            optional: true,
        });
        let packer = self.has_files().then_some(Read::Packer);
        let agents = self.ssh.iter().map(|id| Read::Ssh { id: id.clone() });
        let mut reads: Vec<Read> = files
            .chain(secrets)
            .chain(certificates)
            .chain(agents)
            .chain(packer)
            .collect();
        for mount in &self.mounts {
            reads.extend(mount.reads(reader.variables)?);
        }
        Ok(reads)
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
        let exec = self.set_up(exec, context)?;
        let exec = self.mounted_in(exec, context)?;
        Ok(Tree {
            state: tree.state.run(exec),
            ..tree
        })
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let mut texts = vec![self.command.text()];
        texts.extend(as_texts(&self.files));
        texts.extend(as_texts(self.env.values()));
        texts.extend(as_texts(self.workdir.iter().chain(&self.user)));
        texts.extend(as_texts(self.cache.iter().filter_map(Cache::path)));
        texts.extend(self.mounts.iter().flat_map(Mount::texts));
        texts.extend(as_texts(&self.tmpfs));
        texts.extend(as_texts(self.secrets.iter().filter_map(Secret::path)));
        texts
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        let mut caches = self.cache.iter();
        caches.try_for_each(|cache| cache.check(variables))?;
        let mut mounts = self.mounts.iter();
        mounts.try_for_each(|mount| mount.check(variables))?;
        self.check_workdir(variables)?;
        self.check_shell()?;
        if let Some(user) = &self.user {
            let user = user.without_environment(variables)?;
            user.iter().try_for_each(|user| somebody(user))?;
        }
        self.check_targets(variables)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if matches!(&self.command, Command::Shell(command) if command.as_str().trim().is_empty()) {
            problems.push("`run` has no command".to_owned());
        }
        problems.extend(unusable_names(&self.env));
        problems.extend(self.secrets.iter().filter_map(Secret::problem));
        problems.extend(self.cache.iter().filter_map(Cache::problem));
        let agents = self
            .ssh
            .iter()
            .filter_map(|id| id.as_str().parse::<SshId>().err());
        problems.extend(agents.map(|error| error.to_string()));
        problems
    }
}
