//! Images that are there already: in an archive of an earlier build, or in a registry.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, fixture, run},
};

use crate::images::{BOTH, manifests};

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("declared"), "declared\n").unwrap();
    home
}

fn llbgen(home: &Path, address: &str, arguments: &[&str]) -> Outcome {
    run(fixture("images", home)
        .args(["--addr", address])
        .args(arguments))
}

/// Nobody listens there: who gets along with it has asked no daemon.
const NOBODY: &str = "unix:///nobody";

#[test]
fn an_archive_of_an_earlier_build_stays() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let run = |address: &str, arguments: &[&str]| llbgen(home.path(), address, arguments);
    run(&bed.address(), &["build", "copies"]).success();
    let again = run(NOBODY, &["build", "copies", "--metadata-file", "m.json"]).success();
    assert_eq!(again.text(), "out/copies.oci.tar\n");
    let metadata = fs::read_to_string(home.path().join("m.json")).unwrap();
    assert!(metadata.contains("\"up_to_date\": true") && metadata.contains("\"image\": \"sha256:"));
    assert!(
        run(NOBODY, &["plan", "copies"])
            .success()
            .text()
            .contains("up to date")
    );

    // Other bytes are another image: another compression, fewer platforms, another input.
    let other = ["build", "copies", "--image-compression", "zstd"];
    run(NOBODY, &other).fails(4, &["/nobody"]);
    let fewer = ["build", "copies", "--platform", "linux/arm64"];
    run(NOBODY, &fewer).fails(4, &["/nobody"]);
    let said = run(NOBODY, &["plan", "copies", "--platform", "linux/arm64"]).success();
    assert!(
        said.text()
            .contains("it was built for linux/amd64,linux/arm64")
    );
    fs::write(home.path().join("declared"), "another\n").unwrap();
    run(NOBODY, &["build", "copies"]).fails(4, &["/nobody"]);
    let why = run(NOBODY, &["why", "copies", "--platform", "linux/arm64"]).success();
    assert!(why.text().contains("declared"), "{}", why.text());
    fs::write(home.path().join("declared"), "declared\n").unwrap();
    fs::remove_file(home.path().join("out/copies.oci.tar")).unwrap();
    run(NOBODY, &["build", "copies"]).fails(4, &["/nobody"]);
}

#[test]
fn what_every_registry_has_is_not_pushed_again() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let first = format!("{registry}/published");
    let second = format!("{registry}/elsewhere");
    let push = |address: &str, command: &str, registries: &[&str]| {
        let mut arguments = vec![command, "copies", "--push", "--tag", "1"];
        for registry in registries {
            arguments.extend(["--registry", registry]);
        }
        llbgen(home.path(), address, &arguments)
    };
    let pushed = push(&bed.address(), "build", &[&first]).success();
    let again = push(NOBODY, "build", &[&first]).success();
    assert_eq!(again.text(), pushed.text());
    let planned = push(NOBODY, "plan", &[&first]).success();
    assert!(planned.text().contains("published"), "{}", planned.text());

    // One of two registries is not enough, and a tag alone proves nothing.
    push(NOBODY, "build", &[&first, &second]).fails(4, &["/nobody"]);
    let planned = push(NOBODY, "plan", &[&second]).success();
    assert!(planned.text().contains("not in "), "{}", planned.text());
    let both = push(&bed.address(), "build", &[&first, &second]).success();
    assert_eq!(both.text().lines().count(), 2);
    for registry in [&first, &second] {
        manifests(home.path(), &format!("{registry}/copies"), ":1", &BOTH);
    }
    run(clean("skopeo", home.path())
        .args([
            "copy",
            "-q",
            "--all",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
        ])
        .arg(format!("docker://{registry}/library/debian:bookworm"))
        .arg(format!("docker://{second}/copies:1")))
    .success();
    push(NOBODY, "build", &[&first, &second]).fails(4, &["/nobody"]);

    // A registry that cannot be asked is no reason to take anything for published.
    let gone = push(NOBODY, "build", &["127.0.0.1:9"]);
    gone.fails(4, &["127.0.0.1:9/copies:1", "so it is built"]);
}

/// The tag that a project may know its images by: the hash of a file's text.
#[test]
fn a_file_makes_a_tag_offline() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    llbgen(home.path(), &bed.address(), &["lock"]).success();
    let images = || {
        let said = llbgen(home.path(), NOBODY, &["id", "seeded", "--format", "json"]).success();
        let rows: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        let images = rows[0]["images"].as_array().unwrap().clone();
        images
            .iter()
            .map(|image| image.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = images();
    // printf 'declared\n' | sha256sum
    assert_eq!(before[1], "ghcr.io/example/seeded:a23c9e491c7f");
    let lock = home.path().join("llbgen.lock");
    let moved = fs::read_to_string(&lock)
        .unwrap()
        .replace("digest = \"sha256:", "digest = \"sha256:0");
    let moved = moved
        .lines()
        .map(|line| match line.strip_prefix("digest = ") {
            Some(digest) => format!("digest = {}\"", &digest[..digest.len() - 2]),
            None => line.to_owned(),
        });
    fs::write(&lock, moved.collect::<Vec<_>>().join("\n")).unwrap();
    let after = images();
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
}
