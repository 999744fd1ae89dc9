//! Running a shell command, with files mounted and caches kept.

mod command;
mod mount;
mod secret;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{BindMount, Exec, NetworkMode, SshSocket, TmpfsMount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::command::Command;
pub use self::{mount::Mount, secret::Secret};
use super::{
    Apply, CA_SECRET, Cache, Read, Reader, StepContext, StepError,
    config::{somebody, unusable_names},
    context::check_absolute,
    image::as_texts,
    main_file::main_file,
    program::{Program, names_program},
};
use crate::{
    file::{OneOrSeveral, several},
    inputs::FileSet,
    location::declared_file,
    name::{SecretId, SshId},
    path::ContextPath,
    template::{Script, Template, Text, TreeText, Variables},
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
            workdir: None,
            user: None,
            shell: None,
            mounts: Vec::new(),
            tmpfs: Vec::new(),
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
    pub fn cache(mut self, cache: impl Into<Cache>) -> Self {
        self.cache.push(cache.into());
        self
    }

    /// Sets a variable for this step alone; the value is a [`TreeText`].
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), TreeText::unchecked(value));
        self
    }

    /// Runs it in this directory, an absolute path; a [`TreeText`].
    pub fn workdir(mut self, path: &str) -> Self {
        self.workdir = Some(TreeText::unchecked(path));
        self
    }

    /// Runs it as this user, `user[:group]`; a [`TreeText`].
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(TreeText::unchecked(user));
        self
    }

    /// Runs it with this shell and its flags.
    pub fn shell<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.shell = Some(words.into_iter().map(Into::into).collect());
        self
    }

    /// Gives it files that are not in its tree.
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// Gives it an empty directory in memory at an absolute path; a [`TreeText`].
    pub fn tmpfs(mut self, path: &str) -> Self {
        self.tmpfs.push(TreeText::unchecked(path));
        self
    }

    /// Gives it a secret: by its id alone, as the file `/run/secrets/ID`.
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secrets.push(secret.into());
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
        let program = Program::of(&command, self.shell.as_deref());
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

    /// The paths that something is mounted at, with their keys.
    fn targets(&self) -> impl Iterator<Item = (&'static str, &TreeText)> {
        let caches = self.cache.iter().filter_map(Cache::path);
        let mounts = self.mounts.iter().map(|mount| ("target", mount.target()));
        let secrets = self.secrets.iter().filter_map(Secret::path);
        let tmpfs = self.tmpfs.iter().map(|path| ("tmpfs", path));
        let caches = caches.map(|path| ("cache", path));
        let secrets = secrets.map(|path| ("target", path));
        caches.chain(mounts).chain(tmpfs).chain(secrets)
    }

    /// Refuses mounts that hide each other or the whole tree, as far as their paths are known without a tree.
    fn check_targets(&self, variables: &Variables) -> Result<(), StepError> {
        let mut seen = BTreeSet::new();
        for (key, path) in self.targets() {
            check_absolute(key, path, variables)?;
            let Some(path) = path.without_environment(variables)? else {
                continue;
            };
            let trimmed = path.trim_end_matches('/').to_owned();
            let problem = if trimmed.is_empty() {
                format!("`{key}`: nothing can be mounted over the whole tree, `{path}`")
            } else if seen.contains(&trimmed) {
                format!("`{key}`: two things would be mounted at `{path}`")
            } else {
                seen.insert(trimmed);
                continue;
            };
            return Err(StepError::word(problem, &path));
        }
        Ok(())
    }

    /// Refuses a directory of its own beside that of its files.
    fn check_workdir(&self, variables: &Variables) -> Result<(), StepError> {
        let Some(workdir) = &self.workdir else {
            return Ok(());
        };
        if self.has_files() {
            let reason = "`run` has `files` and a `workdir`; it runs where its files are, so mount them elsewhere by \
                          `mounts`";
            return Err(StepError::word(reason.to_owned(), "workdir"));
        }
        check_absolute("workdir", workdir, variables)
    }

    fn check_shell(&self) -> Result<(), StepError> {
        let Some(shell) = &self.shell else {
            return Ok(());
        };
        let refused = |reason: &str, word: &str| Err(StepError::word(reason.to_owned(), word));
        if let Some(word) = shell.iter().find(|word| word.contains(['{', '}'])) {
            let reason = format!(
                "`shell`: `{word}` is taken as it is written, and no placeholder can stand there"
            );
            return refused(&reason, word);
        }
        match &self.command {
            _ if shell.first().is_none_or(String::is_empty) => {
                refused("`shell` names no program", "shell")
            }
            Command::Shell(script) if names_program(script.as_str()) => refused(
                "`shell` has no effect: the script begins with `#!`, and that program runs it",
                "shell",
            ),
            _ => Ok(()),
        }
    }
}

impl Apply for Run {
    fn title(&self) -> String {
        format!("run {}", self.command)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let files = self.paths(reader.variables)?.into_iter().map(Read::Files);
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
