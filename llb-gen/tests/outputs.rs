//! What a build never writes over.

use std::{fs, os::unix::fs::symlink, process::Command};

const CATALOG: &str = r#"
[artifact.a]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [{ copy = "file", to = "/" }]
"#;

const PART: &str = "options.unused = \"\"\n";

/// Refused before a daemon is looked for, and everything stays as it was.
#[test]
fn neither_a_file_of_the_catalog_nor_the_lock_is_written_over() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::create_dir(path("deep")).unwrap();
    fs::create_dir(path("parts")).unwrap();
    fs::write(path("parts/a.toml"), PART).unwrap();
    let catalog = format!("include = [\"parts/*.toml\"]\n{CATALOG}");
    fs::write(path("llbgen.toml"), &catalog).unwrap();
    fs::write(path("llbgen.lock"), "version = 1\n").unwrap();
    fs::write(path("file"), "x").unwrap();
    symlink("../llbgen.toml", path("deep/link")).unwrap();
    for arguments in [
        ["--metadata-file", "llbgen.toml"],
        ["--metadata-file", "llbgen.lock"],
        ["--metadata-file", "deep/../llbgen.lock"],
        ["--metadata-file", "deep/link"],
        ["-o", "type=tar,dest=llbgen.toml"],
        ["-o", "type=tar,dest=deep/link"],
        ["-o", "type=tar,dest=parts/a.toml"],
        ["-o", "type=tar,dest=deep/../parts/{artifact}.toml"],
        ["--metadata-file", "parts/a.toml"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
            .args(["--addr", "unix:///nowhere", "build", "a"])
            .args(arguments)
            .current_dir(home.path())
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("would take the place of"), "{said}");
        assert_eq!(fs::read_to_string(path("llbgen.toml")).unwrap(), catalog);
        assert_eq!(fs::read_to_string(path("parts/a.toml")).unwrap(), PART);
        assert!(path("llbgen.lock").exists(), "{arguments:?}");
    }
}

#[test]
fn a_value_does_not_break_the_line_of_a_path() {
    let home = tempfile::tempdir().unwrap();
    let catalog = CATALOG.replace("steps", "options.name = \"x\"\nsteps");
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    fs::write(home.path().join("file"), "x").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
        .args(["--addr", "unix:///nowhere", "build", "a"])
        .args(["--set", "name=a\nb", "-o", "type=tar,dest={name}.tar"])
        .current_dir(home.path())
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(r"the path `a\nb.tar`"), "{said}");
}
