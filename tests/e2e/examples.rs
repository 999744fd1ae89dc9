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
    machine::{llbgen, workspace},
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
