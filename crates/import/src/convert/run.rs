//! `RUN`.

use super::{Loss, apt, script, stage::StageConversion};
use crate::{
    dockerfile::{CommandLine, Heredoc, Run, ShellText},
    finding::Weight,
    model::Value,
    text::{Bit, Script},
};

/// What a command is run as.
struct Command {
    script: String,
    /// Its shell; nothing for a script that names its program.
    shell: Option<Vec<String>>,
}

impl StageConversion<'_, '_, '_> {
    pub(super) fn run(&mut self, run: &Run) -> Result<(), Loss> {
        let mounts = self.mounts(run)?;
        self.flags(run);
        if let CommandLine::Shell(shell) = &run.command
            && run.heredocs.is_empty()
            && self.apt(shell, run, mounts.only_caches_of_apt)
        {
            return Ok(());
        }
        let command = self.run_command(run)?;
        let mut others = Vec::new();
        if let Some(shell) = command.shell {
            others.extend(self.shell_key(shell));
        }
        let env = self.run_env(&command.script);
        if !env.is_empty() {
            others.push(("env", Value::Table(env)));
        }
        others.extend(mounts.keys);
        if run.network.as_deref() == Some("none") {
            others.push(("network", Value::text("none")));
        }
        let script = Value::Script(Script::literal(command.script));
        self.step("run", script, others);
        Ok(())
    }

    /// Tells of flags that have no key.
    fn flags(&mut self, run: &Run) {
        match run.network.as_deref() {
            None | Some("default" | "none") => {}
            Some(other) => self.lose(&format!(
                "`--network={other}`: a step has the daemon's network, or none"
            )),
        }
        match run.security.as_deref() {
            None | Some("sandbox") => {}
            Some(other) => self.lose(&format!(
                "`--security={other}`: no step has more rights than a container"
            )),
        }
        if !run.devices.is_empty() {
            self.lose("`--device`: no step is given a device");
        }
    }

    fn run_command(&mut self, run: &Run) -> Result<Command, Loss> {
        match &run.command {
            CommandLine::Exec(words) => self.exec(words),
            CommandLine::Shell(shell) if run.heredocs.is_empty() => {
                if shell.text.is_empty() {
                    return Err(Loss::new("RUN has no command"));
                }
                let text = script::on_lines(shell, &self.end.shell, self.all.escape);
                Ok(self.in_shell(text))
            }
            CommandLine::Shell(shell) => Ok(self.with_heredocs(shell, &run.heredocs)),
        }
    }

    fn in_shell(&self, script: String) -> Command {
        // To a shell the first line is a comment; a step runs the program that it names.
        let script = if script.starts_with("#!") {
            format!(" {script}")
        } else {
            script
        };
        let shell = Some(self.end.shell.clone());
        Command { script, shell }
    }

    fn with_heredocs(&self, shell: &ShellText, heredocs: &[Heredoc]) -> Command {
        if Heredoc::parse(&shell.text).is_some() {
            let script = heredocs.first().map(Heredoc::text).unwrap_or_default();
            if script.starts_with("#!") {
                return Command {
                    script,
                    shell: None,
                };
            }
            return self.in_shell(script);
        }
        let mut script = shell.text.clone();
        for heredoc in heredocs {
            script.push('\n');
            script.push_str(&heredoc.content);
            script.push_str(&heredoc.name);
        }
        self.in_shell(script)
    }

    /// A command without a shell: one of a shell's own is said as that, and of others a shell becomes the program.
    fn exec(&mut self, words: &[String]) -> Result<Command, Loss> {
        let Some((last, before)) = words.split_last() else {
            return Err(Loss::new("RUN has an empty list"));
        };
        if script::is_posix(before) && !last.starts_with("#!") {
            return Ok(Command {
                script: last.clone(),
                shell: Some(before.to_vec()),
            });
        }
        if self.end.is_from_scratch {
            self.tell(
                Weight::Changed,
                "the program is started by /bin/sh, which must be there",
            );
        }
        let shell = vec!["/bin/sh".to_owned(), "-c".to_owned()];
        Ok(Command {
            script: format!("exec {}", script::quoted(words)),
            shell: Some(shell),
        })
    }

    /// The key `shell` of a command, unless the artifact has that shell.
    fn shell_key(&mut self, shell: Vec<String>) -> Option<(&'static str, Value)> {
        let of_all = self.shell.get_or_insert_with(|| shell.clone());
        (*of_all != shell).then(|| ("shell", Value::list(shell)))
    }

    /// The arguments that the command has in its environment. One that nothing sets is only given to a script that
    /// names it.
    fn run_env(&mut self, script: &str) -> Vec<(String, Value)> {
        let arguments = self.end.scope.arguments();
        let given = arguments.filter(|(name, _, is_set)| *is_set || has_word(script, name));
        let given: Vec<_> = given
            .map(|(name, text, is_set)| (name.to_owned(), text.clone(), is_set))
            .collect();
        let odd = given.iter().find(|(name, _, is_set)| {
            !is_set
                && ["-", "+", "?"]
                    .iter()
                    .any(|sign| script.contains(&format!("${{{name}{sign}")))
        });
        if let Some((name, ..)) = odd {
            let reason = format!("`{name}` is empty here where a Dockerfile leaves it unset");
            self.tell(Weight::Changed, &reason);
        }
        let env = given.into_iter();
        env.map(|(name, text, _)| (name, Value::text(text.tree_text())))
            .collect()
    }

    /// Says the command as `apt`, if it does that and nothing else.
    fn apt(&mut self, shell: &ShellText, run: &Run, lists_are_cached: bool) -> bool {
        let is_plain = matches!(run.network.as_deref(), None | Some("default"))
            && script::is_posix(&self.end.shell)
            && (run.mounts.is_empty() || lists_are_cached)
            && self.end.user.as_ref().is_none_or(super::config::is_root);
        let Some(words) = apt::packages(&shell.text, lists_are_cached).filter(|_| is_plain) else {
            return false;
        };
        let mut packages = Vec::new();
        for word in words {
            let Ok(text) = self
                .end
                .scope
                .evaluate(&word, '\\', &self.all.shared.options)
            else {
                return false;
            };
            let Ok(text) = self.end.scope.without_tree(&text.text) else {
                return false;
            };
            // A value with blanks would be several packages in a shell, and is here, too; one with nothing is none.
            let is_option = |bit: &Bit| !matches!(bit, Bit::Literal(text) if text.contains(char::is_whitespace));
            if !text.bits().iter().all(is_option) {
                return false;
            }
            packages.push(text.template());
        }
        let packages = packages.join(" ");
        self.step("apt", Value::text(packages), Vec::new());
        true
    }
}

/// Whether a name stands in a script as a word.
fn has_word(script: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    script.match_indices(name).any(|(at, found)| {
        let before = script[..at].chars().next_back();
        let after = script[at + found.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}
