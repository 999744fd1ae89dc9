//! What becomes of a command whose stdout or stderr is closed or full.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Command, ExitStatus, Stdio},
};

/// A command in a directory without a catalog.
fn llbgen(arguments: &[&str]) -> (tempfile::TempDir, Command) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_llbgen"));
    command
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .args(arguments);
    (home, command)
}

/// The first line of what it prints, after which nobody listens; how it ends, and what it says to that.
fn headed(arguments: &[&str]) -> (String, ExitStatus, String) {
    let (_home, mut command) = llbgen(arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::with_capacity(16, child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    (line, ended.status, said)
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    // More than a pipe holds, so that it is written to after it is closed.
    let (line, status, said) = headed(&["schema"]);
    assert_eq!(line, "{\n");
    assert!(status.success(), "{status}: {said}");
    assert_eq!(said, "");
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    for arguments in [
        &["schema"][..],
        &["list"],
        &["show", "a"],
        &["plan", "--format", "json"],
        &["graph", "a"],
        &["completions", "bash"],
        &["--help"],
        &["help", "build"],
        &["--version"],
    ] {
        let (home, mut command) = llbgen(arguments);
        std::fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = command.stdout(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        let expected = "error: cannot write to stdout\n  caused by: No space left on device";
        assert!(said.starts_with(expected), "{arguments:?}: {said}");
    }
}

/// Notes and errors have nowhere to go; what counts is the exit code.
#[test]
fn a_full_stderr_changes_nothing() {
    let ends = |arguments: &[&str], code: i32| {
        let (home, mut command) = llbgen(arguments);
        std::fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = command.stderr(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}");
    };
    ends(&["lock"], 0);
    ends(&["list", "--nothing"], 2);
    ends(&["show", "b"], 2);
    ends(&["emit", "a", "--platform", "linux/amd64"], 0);
    ends(&["new", "image", "b"], 0);
}

/// What a build to stdout has left goes with the next build, wherever that one writes.
#[test]
fn what_a_killed_build_has_left_goes_with_the_next_one() {
    let (home, mut command) = llbgen(&["build", "a", "-o", "out", "--addr", "unix:///nowhere"]);
    let left = home.path().join("llbgen-abcdef.kept");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("output"), "half").unwrap();
    std::fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    let ended = command.env("TMPDIR", home.path()).output().unwrap();
    assert_eq!(ended.status.code(), Some(4));
    assert!(!left.exists());
}

/// A URL that cannot be used is quoted, and its login is not.
#[test]
fn no_login_of_a_url_is_told() {
    let told = |step: &str, arguments: &[&str]| {
        let (home, mut command) = llbgen(arguments);
        let catalog = CATALOG.replace("{ run = \"true\" }", step);
        std::fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
        let ended = command.output().unwrap();
        assert!(!ended.status.success(), "{arguments:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!said.contains("hunter2"), "{said}");
    };
    let steps = [
        "{ download = \"http://user:hunter2@127.0.0.1:9/x\", to = \"/x\" }",
        "{ git = \"http://user:hunter2@127.0.0.1:9/x.git\", to = \"/x\" }",
        "{ git = \"http://hunter2@127.0.0.1:9/x.git#main:sub\", to = \"/x\" }",
        "{ git = \"ssh://git:hunter2@127.0.0.1:9/x.git\", to = \"/x\" }",
    ];
    for step in steps {
        told(step, &["lock"]);
        told(step, &["build", "a", "--locked"]);
    }
    let step = "{ run = \"true\" }";
    let context = "scratch=http://user:hunter2@h/x";
    told(step, &["build", "a", "--build-context", context]);
    told(step, &["--addr", "http://user:hunter2@h", "build", "a"]);
}

const CATALOG: &str = r#"
[artifact.a]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [{ run = "true" }]
"#;
