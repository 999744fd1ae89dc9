//! What cannot be said about a command.

use std::collections::BTreeSet;

use super::{Command, Run, Secret};
use crate::{
    step::{Cache, StepError, context::check_absolute, program::names_program},
    template::{TreeText, Variables},
};

impl Run {
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
    pub(super) fn check_targets(&self, variables: &Variables) -> Result<(), StepError> {
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
            return Err(StepError::wrong(problem, &path));
        }
        Ok(())
    }

    /// Refuses a directory of its own beside that of its files.
    pub(super) fn check_workdir(&self, variables: &Variables) -> Result<(), StepError> {
        let Some(workdir) = &self.workdir else {
            return Ok(());
        };
        if self.has_files() {
            let reason = "`run` has `files` and a `workdir`; it runs where its files are, so mount them elsewhere by \
                          `mounts`";
            return Err(StepError::wrong(reason.to_owned(), "workdir"));
        }
        check_absolute("workdir", workdir, variables)
    }

    pub(super) fn check_shell(&self) -> Result<(), StepError> {
        let Some(shell) = &self.shell else {
            return Ok(());
        };
        let refused = |reason: &str, word: &str| Err(StepError::wrong(reason.to_owned(), word));
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
