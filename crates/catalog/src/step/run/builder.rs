//! How a program in Rust makes a command.

use std::collections::BTreeMap;

use super::{Command, Mount, Network, Run, Secret};
use crate::{
    name::SshId,
    step::Cache,
    template::{Script, Template, TreeText},
};

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
}
