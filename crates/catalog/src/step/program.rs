//! The programs that run commands: a shell, or the one that a script names.

use buildkit_llb::{Args, BindMount, Exec, FileActions, Mkfile, State};

use super::network::{certificates, with_prelude};

/// The shell of commands that name none. It stops at the first command that fails.
const SHELL: [&str; 2] = ["/bin/sh", "-ec"];

/// The shells that read what `/bin/sh` does, for the certificates.
const LIKE_SH: [&str; 7] = ["ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"];

/// The program that runs a command.
pub(super) enum Program<'a> {
    /// A shell and its flags. The script is its last argument.
    Shell {
        /// The words before the script.
        words: Vec<&'a str>,
        /// The script.
        script: &'a str,
    },
    /// The program that the script's first line names, behind `#!`.
    Named(&'a str),
}

/// The mount point of a script that names its program. It is a bind mount, and BuildKit removes the mount point again.
/// Secrets and `/dev/shm` are mounted `noexec`, so the script cannot be executed there.
const SCRIPT: &str = "/run/llbgen/script";

impl<'a> Program<'a> {
    /// The program of a script: the one that it names, or a shell; `None` for the default one.
    pub(super) fn of(script: &'a str, shell: Option<&'a [String]>) -> Self {
        if names_program(script) {
            return Self::Named(script);
        }
        match shell {
            Some(words) => Self::Shell {
                words: words.iter().map(String::as_str).collect(),
                script,
            },
            None => Self::shell(script),
        }
    }

    /// The default shell.
    pub(super) fn shell(script: &'a str) -> Self {
        Self::Shell {
            words: SHELL.to_vec(),
            script,
        }
    }

    /// Runs it as it is.
    pub(super) fn exec(&self) -> Exec {
        match self {
            Self::Shell { words, script } => run(words.iter().copied().chain([*script])),
            Self::Named(script) => with_script(run([SCRIPT]), script),
        }
    }

    /// Runs it with the certificates made known: by the shell itself, or by one before the program.
    pub(super) fn networked(&self) -> Exec {
        let exec = match self {
            Self::Shell { words, script } if is_like_sh(words) => {
                let script = with_prelude(script);
                run(words.iter().copied().chain([script.as_str()]))
            }
            Self::Shell { words, script } => {
                let script_of_program = with_prelude("exec \"$0\" \"$@\"");
                let before = SHELL.into_iter().chain([script_of_program.as_str()]);
                run(before.chain(words.iter().copied()).chain([*script]))
            }
            Self::Named(script) => {
                let before = with_prelude(&format!("exec {SCRIPT}"));
                let exec = run(SHELL.into_iter().chain([before.as_str()]));
                with_script(exec, script)
            }
        };
        exec.mount(certificates())
    }
}

/// Whether the first line of a script names the program that runs it.
pub(super) fn names_program(script: &str) -> bool {
    script.starts_with("#!")
}

/// Whether the shell reads a script for `/bin/sh`: by its name, and by a flag that has it read its next argument.
fn is_like_sh(words: &[&str]) -> bool {
    let [program, .., flags] = words else {
        return false;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let is_flag = |flags: &&str| flags.starts_with('-') && !flags.starts_with("--");
    LIKE_SH.contains(&name) && is_flag(flags) && flags.ends_with('c')
}

fn run<'a>(words: impl IntoIterator<Item = &'a str>) -> Exec {
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    Exec::new(Args::from(words))
}

fn with_script(exec: Exec, script: &str) -> Exec {
    // Every user of the container may run it, as a step may run as any user.
    let make = Mkfile::new("/script", script.as_bytes())
        .mode(0o755)
        .created(0);
    let state = State::scratch().file(FileActions::new().mkfile(make));
    exec.mount(
        BindMount::new(SCRIPT, &state)
            .selector("/script")
            .readonly(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_that_read_what_sh_does_are_known() {
        let check = |words: &[&str], expected: bool| {
            assert_eq!(is_like_sh(words), expected, "{words:?}");
        };
        check(&SHELL, true);
        check(&["/bin/bash", "-euo", "pipefail", "-c"], true);
        check(&["zsh", "-lc"], true);
        check(&["/busybox/sh", "-c"], true);
        check(&["/usr/bin/python3", "-c"], false);
        check(&["/usr/bin/env", "bash", "-c"], false);
        check(&["/bin/bash", "--norc"], false);
        check(&["/bin/bash"], false);
    }
}
