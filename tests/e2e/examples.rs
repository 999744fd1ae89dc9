//! The examples that the README shows: they build, with the command and through buildx.

mod directory;
mod own_frontend;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine::{self, llbgen, workspace},
    tree::Tree,
};

/// The certificates of the machine: whoever is between it and the registry of pip may have some of their own.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A copy in `home` of the example in that directory of the tests: a build writes its lock there.
fn example(name: &str, home: &Path) -> PathBuf {
    let to = home.join(name);
    let from = workspace().join("tests").join(name);
    run(clean("cp", home).arg("-r").arg(from).arg(&to)).success();
    to
}

/// `llbgen` on an example, run beside it.
fn on(example: &Path, bed: &Bed) -> Command {
    let mut command = clean(llbgen(), example.parent().unwrap());
    command
        .args(["--addr", &bed.address(), "-C"])
        .arg(example.file_name().unwrap());
    command
}

/// Adds to the `llbgen.toml` of an example, after a change of what is there.
fn edit(example: &Path, from: &str, to: &str) {
    let file = example.join("llbgen.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "no `{from}` in {text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// What `llbgen build` is made of builds without the command line, and finds what it built.
#[test]
fn a_program_builds_with_the_engine_alone() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let mut cargo = machine::cargo();
    cargo
        .args([
            "build",
            "--quiet",
            "--package",
            "engine",
            "--example",
            "build",
        ])
        .current_dir(workspace());
    assert!(cargo.status().unwrap().success());
    let program = machine::beside_tests("examples").join("build");
    let build = || {
        let mut command = clean(&program, home.path());
        run(command.args(["out", &bed.address()])).success()
    };
    let first = build();
    let tars: Vec<&str> = first.text().lines().collect();
    assert_eq!(tars, ["out/welcome/amd64.tar", "out/welcome/arm64.tar"]);
    let tree = Tree::open(&home.path().join(tars[0])).unwrap();
    assert!(tree.get("etc/motd").is_some());
    let again = build();
    assert_eq!(again.text(), first.text());
    assert!(
        again.stderr.contains("all 2 outputs are up to date"),
        "{}",
        again.stderr
    );
}
