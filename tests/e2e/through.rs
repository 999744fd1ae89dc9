//! Daemons behind another program. A script stands in for the container engine: it runs what it is asked to run in the
//! container, the real `buildctl dial-stdio`, on this machine.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, fixture, run},
};

/// Builds with a `docker` on PATH that is this script.
fn build(home: &Path, script: &str) -> Outcome {
    let programs = home.join("programs");
    fs::create_dir_all(&programs).unwrap();
    let docker = programs.join("docker");
    fs::write(&docker, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    run(fixture("steps", home)
        .env("PATH", format!("{}:{path}", programs.display()))
        .args(["--addr", "docker-container://builder", "build", "plain"]))
}

#[test]
fn a_container_engine_leads_to_the_daemon() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let script = format!(
        "[ \"$*\" = 'exec -i builder buildctl dial-stdio' ] || exit 9\nexec buildctl --addr {} dial-stdio",
        bed.address()
    );
    build(home.path(), &script).success();
    assert!(home.path().join("out/plain.tar").exists());
}

#[test]
fn what_the_program_says_is_the_reason() {
    let home = tempfile::tempdir().unwrap();
    build(home.path(), "echo 'No such container: builder' >&2; exit 1").fails(
        4,
        &["docker-container://builder", "No such container: builder"],
    );
    assert!(!home.path().join("out").exists());
}
