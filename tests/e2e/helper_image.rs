//! `--helper-image`: the packer is that of an image, and everything else stays as it is.

use std::{fs, path::Path, process::Command};

use llbgen_tests::{
    bed::Bed,
    command::{as_emitted, clean, run},
    frontend, machine, progress,
};

const CATALOG: &str = r#"
default = ["edits"]

[artifact.edits]
kind = "layer"
base = "debian:bookworm"
platforms = ["linux/amd64"]
output = "edits.tar"
steps = [{ network = "none", run = "rm /etc/issue; echo helped > /etc/helped" }]
"#;

fn llbgen(bed: &Bed, home: &Path) -> Command {
    fs::write(home.join("llbgen.toml"), CATALOG).unwrap();
    let mut command = clean(machine::llbgen(), home);
    command.args(["--addr", &bed.address()]);
    command
}

/// The image of the frontend by its tag alone: nothing pins it yet.
fn helper(bed: &Bed) -> String {
    let (tag, _digest) = frontend::image(bed).split_once('@').unwrap();
    tag.to_owned()
}

/// What a command prints for a layer that is built already: its id.
fn id(bed: &Bed, home: &Path, flags: &[&str]) -> String {
    let said = run(llbgen(bed, home).arg("id").args(flags)).success();
    said.text().to_owned()
}

fn layer(home: &Path, directory: &str) -> Vec<u8> {
    fs::read(home.join(directory).join("edits.tar")).unwrap()
}

#[test]
fn nothing_runs_again_and_the_id_is_the_same() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run(llbgen(bed, home).arg("build")).success();
    let without = id(bed, home, &[]);
    let helper = helper(bed);
    let build = [
        "--progress",
        "rawjson",
        "build",
        "-o",
        "helped",
        "--helper-image",
    ];
    let said = run(llbgen(bed, home).args(build).arg(&helper)).success();
    let vertices = progress::vertices(&said.stderr).unwrap();
    let steps: Vec<_> = vertices
        .values()
        .filter(|vertex| vertex.name.contains("run rm") || vertex.name.contains("pack layer"))
        .collect();
    assert_eq!(steps.len(), 2, "{vertices:#?}");
    assert!(steps.iter().all(|step| step.cached), "{steps:#?}");
    let sent = vertices.values().any(|vertex| vertex.name == "the packer");
    assert!(!sent, "no packer was sent: {vertices:#?}");
    assert!(layer(home, "helped") == layer(home, "out"));
    assert_eq!(id(bed, home, &["--helper-image", &helper]), without);
    // What is there is there, whoever packed it.
    let plan = ["plan", "--exit-code", "--helper-image", &helper];
    run(llbgen(bed, home).args(plan)).success();
}

#[test]
fn it_is_pinned_as_every_reference_is() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let helper = helper(bed);
    run(llbgen(bed, home).arg("lock")).success();
    let unpinned = [
        "is not pinned in `llbgen.lock` (`--helper-image`)",
        helper.split_once('/').unwrap().1,
    ];
    for command in ["emit", "id"] {
        run(llbgen(bed, home)
            .args([command, "--helper-image", &helper])
            .args((command == "emit").then_some("edits")))
        .fails(3, &unpinned);
    }
    run(llbgen(bed, home).args(["build", "--locked", "--helper-image", &helper]))
        .fails(3, &unpinned);
    let lock = || fs::read_to_string(home.join("llbgen.lock")).unwrap();
    let without = lock();
    run(llbgen(bed, home).args(["build", "--helper-image", &helper])).success();
    let (_, digest) = frontend::image(bed).split_once('@').unwrap();
    assert!(
        lock().contains(digest) && !without.contains(digest),
        "{}",
        lock()
    );
    run(llbgen(bed, home).args(["build", "--locked", "--no-skip", "--helper-image", &helper]))
        .success();
    // Who says nothing of it does not refer to it.
    run(llbgen(bed, home).args(["lock", "--helper-image", &helper, "--check"])).success();
    run(llbgen(bed, home).arg("lock")).success();
    assert_eq!(lock(), without);
    let other = format!("{helper}@sha256:{}", "1".repeat(64));
    run(llbgen(bed, home).args(["lock", "--helper-image", &helper])).success();
    let clash = ["`--helper-image`", "llbgen.lock", "sha256:1111"];
    run(llbgen(bed, home).args(["build", "--helper-image", &other])).fails(3, &clash);
}

#[test]
fn buildctl_needs_no_packer_on_the_disk() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let helper = helper(bed);
    run(llbgen(bed, home).args(["build", "--helper-image", &helper])).success();
    let emit = ["emit", "edits", "--helper-image", &helper];
    let emitted = run(llbgen(bed, home).args(emit)).success();
    let line = emitted.buildctl_line();
    assert!(!line.contains("--local"), "{line}");
    run(&mut as_emitted(
        &emitted,
        &bed.address(),
        &home.join("elsewhere"),
    ))
    .success();
    assert!(layer(home, "elsewhere") == layer(home, "out"));
}

#[test]
fn an_image_without_the_packer_is_told() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let build = ["build", "--helper-image", "debian:bookworm"];
    let words = [
        "the image `debian:bookworm` of `--helper-image` has no `/llbgen-pack`",
        "hint: name an image of llbgen's frontend",
    ];
    run(llbgen(bed, home.path()).args(build)).fails(2, &words);
    // For a platform that the image does not have.
    let helper = format!("linux/s390x={}", helper(bed));
    let build = ["build", "--helper-image", &helper];
    let words = ["llbgen-frontend", "it is not there for `linux/s390x`"];
    run(llbgen(bed, home.path()).args(build)).fails(3, &words);
}
