//! A build step that runs until it is killed, in a container of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bed::User;
use crate::process::{self, Process};

/// Waits for ever. Without libc's help it would end on a signal only, which is what is wanted.
const PROGRAM: &str = r#"
#include <stdio.h>
#include <unistd.h>
extern char **environ;
int main(void) {
    for (char **variable = environ; *variable; variable++) printf("env %s\n", *variable);
    printf("step is running\n");
    fflush(stdout);
    for (;;) pause();
}
"#;

/// A context whose build does not end.
#[derive(Debug)]
pub(crate) struct Step {
    context: PathBuf,
    /// Tells its process from all others.
    token: String,
}

impl Step {
    pub(crate) fn new(home: &Path) -> Self {
        let context = home.join("context");
        fs::create_dir(&context).unwrap();
        let source = home.join("wait.c");
        fs::write(&source, PROGRAM).unwrap();
        let program = context.join("wait");
        let built = Command::new("cc")
            .arg("-static")
            .arg("-o")
            .arg(program)
            .arg(source)
            .status()
            .unwrap();
        assert!(built.success(), "no static program can be built");
        let token = context
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let dockerfile = format!("FROM scratch\nCOPY wait /wait\nRUN [\"/wait\", \"{token}\"]\n");
        fs::write(context.join("Dockerfile"), dockerfile).unwrap();
        Self { context, token }
    }

    /// What runs it with the daemon of `BUILDKIT_HOST`, its output on stdout.
    pub(crate) fn script(&self) -> String {
        let context = self.context.display();
        format!(
            "exec buildctl build --progress plain --frontend dockerfile.v0 \
             --local context={context} --local dockerfile={context} 2>&1"
        )
    }

    /// Waits until it runs; its process.
    #[track_caller]
    pub(crate) fn running(&self, user: &mut User) -> Process {
        wait_until_running(user);
        let found = process::with_argument(&self.token);
        let steps: Vec<_> = found
            .iter()
            .filter(|(_, argv)| argv[0] == "/wait")
            .collect();
        assert_eq!(steps.len(), 1, "{found:?}");
        Process::hold(steps[0].0)
    }
}

/// Returns what the step has said before: its environment.
#[track_caller]
pub(crate) fn wait_until_running(user: &mut User) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = user.line();
        if line.ends_with("step is running") {
            return lines;
        }
        lines.push(line);
    }
}
