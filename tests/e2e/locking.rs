//! The lock: who is asked, what is written, what moves, and what is refused.

use std::{fs, path::Path, process::Command};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
    web::WebServer,
};

/// A home whose catalog starts from the image `reference`.
fn home(reference: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("base.dockerfile"),
        format!("# a comment\nFROM {reference}\n"),
    )
    .unwrap();
    fs::write(home.path().join("declared"), "one\n").unwrap();
    home
}

fn lock(home: &Path) -> String {
    fs::read_to_string(home.join("llbgen.lock")).unwrap()
}

/// The lock without the moment of its making.
fn timeless(home: &Path) -> String {
    let lines = lock(home);
    let is_of_its_day = |line: &&str| line.starts_with("epoch") || line.starts_with("namespace");
    let lines = lines.lines().filter(|line| !is_of_its_day(line));
    lines.collect::<Vec<_>>().join("\n")
}

fn pins(home: &Path) -> Command {
    fixture("pins", home)
}

/// Copies an image of the bed's registry to another name in it.
fn retag(registry: &str, from: &str, to: &str) {
    let copied = Command::new("skopeo")
        .args(["copy", "--quiet", "--all", "--preserve-digests"])
        .args(["--src-tls-verify=false", "--dest-tls-verify=false"])
        .arg(format!("docker://{registry}/{from}"))
        .arg(format!("docker://{registry}/{to}"))
        .status()
        .unwrap();
    assert!(copied.success());
}

#[test]
fn the_daemon_and_the_registry_say_the_same() {
    let Some(bed) = Bed::shared() else { return };
    let registry = &bed.description().registry;
    let image = format!("{registry}/library/debian:bookworm");
    let (through, direct) = (home(&image), home(&image));
    run(pins(through.path()).args(["--addr", &bed.address(), "lock"])).success();
    let said = run(pins(direct.path()).arg("lock")).success();
    assert!(said.text().contains(&format!("{image}: pinned to sha256:")));
    assert_eq!(timeless(through.path()), timeless(direct.path()));
    assert!(lock(direct.path()).contains("PATH=/usr/local/sbin"));
    // Written once, it is the same bytes again, and asks nobody.
    let written = lock(direct.path());
    run(pins(direct.path()).args(["lock", "--check"])).success();
    run(pins(direct.path()).args(["--addr", "unix:///nobody", "lock"])).success();
    assert_eq!(lock(direct.path()), written);
}

#[test]
fn what_cannot_be_resolved_is_named() {
    let Some(bed) = Bed::shared() else { return };
    let registry = &bed.description().registry;
    let missing = format!("{registry}/library/debian:missing");
    let check = |reference: &str, code: i32, words: &[&str]| {
        let home = home(reference);
        run(pins(home.path()).args(["--addr", &bed.address(), "lock"])).fails(code, words);
        run(pins(home.path()).arg("lock")).fails(code, words);
        assert!(!home.path().join("llbgen.lock").exists());
    };
    check(&missing, 1, &[&missing, "docker login"]);
    check(
        "127.0.0.1:1/library/debian:bookworm",
        4,
        &["127.0.0.1:1/library/debian:bookworm"],
    );
}

#[test]
fn pins_move_only_when_they_are_told_to() {
    let Some(bed) = Bed::shared() else { return };
    let registry = &bed.description().registry;
    retag(registry, "library/debian:bookworm", "moving/base:1");
    let image = format!("{registry}/moving/base:1");
    let home = home(&image);
    run(pins(home.path()).arg("lock")).success();
    let before = lock(home.path());
    retag(registry, "oomol/server-base:v0.6.0", "moving/base:1");
    run(pins(home.path()).arg("lock")).success();
    assert_eq!(lock(home.path()), before);
    let dry = run(pins(home.path()).args(["update", "--dry-run"])).success();
    assert_eq!(lock(home.path()), before);
    let moved = run(pins(home.path()).args(["update", &image])).success();
    assert!(
        moved.text().contains(&format!("{image}: sha256:")) && moved.text().contains(" → "),
        "{}",
        moved.text()
    );
    assert_eq!(dry.text(), moved.text());
    assert!(lock(home.path()).contains("HOME=/root"));
    let epoch = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("epoch"))
            .map(str::to_owned)
    };
    assert_eq!(
        epoch(&lock(home.path())),
        epoch(&before),
        "it was not asked for"
    );
    let old =
        lock(home.path()).replace(&epoch(&before).unwrap(), "epoch = \"2020-01-01T00:00:00Z\"");
    fs::write(home.path().join("llbgen.lock"), old).unwrap();
    let moved = run(pins(home.path()).args(["update", "--packages"])).success();
    assert!(
        moved
            .text()
            .starts_with("packages: 2020-01-01T00:00:00Z → ")
    );
    assert_eq!(moved.text().lines().count(), 1);
    run(pins(home.path()).args(["update", "debina"])).fails(2, &["`debina`", &image]);
}

#[test]
fn a_build_pins_what_is_missing_unless_it_must_not() {
    let Some(bed) = Bed::shared() else { return };
    let home = home("debian:bookworm");
    let build = |arguments: &[&str]| {
        let mut command = pins(home.path());
        command
            .args(["--addr", &bed.address(), "build", "based"])
            .args(["--platform", "linux/amd64"])
            .args(arguments);
        run(&mut command)
    };
    for flag in ["--locked", "--offline"] {
        build(&[flag]).fails(
            3,
            &["`debian:bookworm`", "base.dockerfile:2", "llbgen lock"],
        );
    }
    assert!(!home.path().join("out").exists());
    build(&[]).success();
    let written = lock(home.path());
    // The other platform is added to the very same image.
    run(pins(home.path()).args(["lock", "--check"])).fails(3, &["`debian:bookworm`"]);
    run(pins(home.path()).args(["--addr", &bed.address(), "lock"])).success();
    let digest = written
        .lines()
        .find(|line| line.starts_with("digest"))
        .unwrap();
    assert!(lock(home.path()).contains(digest));
    run(pins(home.path()).args(["lock", "--check"])).success();

    // What the registry does not have.
    let other = format!("digest = \"sha256:{}\"", "0".repeat(64));
    fs::write(
        home.path().join("llbgen.lock"),
        lock(home.path()).replace(digest, &other),
    )
    .unwrap();
    build(&[]).fails(
        1,
        &[
            "sha256:0000",
            "llbgen.lock",
            "llbgen update debian:bookworm",
        ],
    );
    // What the FROM line does not mean.
    let wanted = format!("FROM debian:bookworm@sha256:{}\n", "1".repeat(64));
    fs::write(home.path().join("base.dockerfile"), wanted).unwrap();
    build(&[]).fails(
        3,
        &[
            "base.dockerfile:1",
            "another digest",
            "llbgen update debian:bookworm",
        ],
    );
    // What nobody can read.
    fs::write(home.path().join("llbgen.lock"), "version = 1\n[image.x]\n").unwrap();
    build(&[]).fails(3, &["`llbgen.lock` line 2, column"]);
    fs::write(home.path().join("llbgen.lock"), "version = 9\n").unwrap();
    build(&[]).fails(3, &["version 9", "reads version 1"]);
}

/// A served directory with a file and a git repository that has an annotated tag.
pub(crate) fn sources(root: &Path) {
    fs::write(root.join("file.txt"), "one\n").unwrap();
    let git = |arguments: &[&str]| {
        let mut command = clean("git", root);
        command.args(["-c", "user.name=x", "-c", "user.email=x@example.com"]);
        run(command.args(arguments)).success();
    };
    git(&["init", "-q", "work"]);
    fs::write(root.join("work/hello"), "hello\n").unwrap();
    git(&["-C", "work", "add", "."]);
    git(&["-C", "work", "commit", "-qm", "one"]);
    git(&["-C", "work", "tag", "-a", "-m", "one", "v1"]);
    git(&["clone", "-q", "--bare", "work", "repository.git"]);
    git(&["-C", "repository.git", "update-server-info"]);
}

#[test]
fn downloads_and_git_refs_are_pinned_too() {
    let Some(bed) = Bed::shared() else { return };
    let files = tempfile::tempdir().unwrap();
    sources(files.path());
    let server = WebServer::start(files.path());
    let pins = |home: &Path| {
        let mut command = pins(home);
        command.env(
            "LLBGEN_FIXTURE_SERVER",
            server.url("").trim_end_matches('/'),
        );
        command
    };
    let image = format!("{}/library/debian:bookworm", bed.description().registry);
    let (through, direct) = (home(&image), home(&image));
    run(pins(through.path()).args(["--addr", &bed.address(), "lock"])).success();
    run(pins(direct.path()).arg("lock")).success();
    assert_eq!(timeless(through.path()), timeless(direct.path()));
    let commit = run(clean("git", files.path()).args(["-C", "work", "rev-parse", "HEAD"]));
    assert!(lock(direct.path()).contains(commit.success().text().trim()));

    let build = ["--addr", &bed.address(), "build", "sources"];
    run(pins(direct.path()).args(build)).success();
    let tree = llbgen_tests::tree::Tree::open(&direct.path().join("out/sources.tar")).unwrap();
    assert!(tree.get("file.txt").unwrap().has_content(b"one\n"));
    assert!(tree.get("git/hello").unwrap().has_content(b"hello\n"));

    // What is served is not what was pinned.
    fs::write(files.path().join("file.txt"), "another\n").unwrap();
    let url = server.url("file.txt");
    fs::write(
        direct.path().join("llbgen.lock"),
        lock(direct.path()).replace("checksum = \"sha256:", "checksum = \"sha256:0"),
    )
    .unwrap();
    run(pins(direct.path()).args(build)).fails(3, &["llbgen.lock", "checksum"]);
    fs::remove_file(direct.path().join("llbgen.lock")).unwrap();
    run(pins(direct.path()).arg("lock")).success();
    fs::write(files.path().join("file.txt"), "and another\n").unwrap();
    run(pins(direct.path()).args(build)).fails(1, &[&url, &format!("llbgen update {url}")]);
    let moved = run(pins(direct.path()).args(["update", &url])).success();
    assert!(moved.text().starts_with(&format!("{url}: sha256:")));
    run(pins(direct.path()).args(build)).success();
}

#[test]
fn a_source_policy_makes_buildctl_use_the_pins() {
    let Some(bed) = Bed::shared() else { return };
    let home = home("ubuntu:latest");
    run(pins(home.path()).args(["--addr", &bed.address(), "lock"])).success();
    let policy = run(pins(home.path()).args(["lock", "--source-policy"])).success();
    fs::write(home.path().join("policy.json"), &policy.stdout).unwrap();
    // A pin that the tag does not have, so that nobody but the policy can have said it.
    let other = "f".repeat(64);
    let text = lock(home.path());
    let digest = text
        .lines()
        .find_map(|line| line.strip_prefix("digest = \"sha256:"))
        .unwrap()
        .trim_end_matches('"');
    fs::write(
        home.path().join("other.json"),
        policy.text().replace(digest, &other),
    )
    .unwrap();
    fs::write(home.path().join("Dockerfile"), "FROM ubuntu:latest\n").unwrap();
    let build = |policy: &str| {
        let mut command = clean("buildctl", home.path());
        command
            .env("BUILDKIT_HOST", bed.address())
            .args([
                "build",
                "--progress",
                "plain",
                "--frontend",
                "dockerfile.v0",
            ])
            .args(["--local", "context=.", "--local", "dockerfile=."])
            .args(["--source-policy-file", policy]);
        run(&mut command)
    };
    let said = build("policy.json").success().stderr;
    assert!(
        said.contains(&format!("ubuntu:latest@sha256:{digest}")),
        "{said}"
    );
    build("other.json").fails(1, &[&other]);
}

/// With the base mapped to another registry, nobody else is asked for anything.
#[test]
fn a_replaced_base_is_pinned_and_the_only_source() {
    let Some(bed) = Bed::shared() else { return };
    // A daemon that others build on too takes equal images for one, and names the one it knew first.
    let bed = bed.private();
    let registry = &bed.description().registry;
    let home = home("example.invalid/nothing/here:1");
    let mapped =
        format!("example.invalid/nothing/here:1=docker-image://{registry}/library/debian:bookworm");
    let with_map = |arguments: &[&str]| {
        let mut command = pins(home.path());
        command
            .args(["--addr", &bed.address(), "--progress", "rawjson"])
            .args(arguments)
            .args([
                "based",
                "--platform",
                "linux/amd64",
                "--build-context",
                &mapped,
            ]);
        run(&mut command)
    };
    let built = with_map(&["build"]).success();
    let image = format!("{registry}/library/debian:bookworm@sha256:");
    let vertices = llbgen_tests::progress::vertices(&built.stderr).unwrap();
    let sources: Vec<&String> = vertices
        .values()
        .map(|vertex| &vertex.name)
        .filter(|name| name.contains("docker-image://"))
        .collect();
    assert!(
        !sources.is_empty() && sources.iter().all(|name| name.contains(&image)),
        "{sources:?}"
    );
    let emitted = with_map(&["emit", "--format", "json"]).success();
    let identifiers = emitted
        .text()
        .lines()
        .filter(|line| line.contains("\"identifier\""));
    let identifiers: Vec<&str> = identifiers.collect();
    assert!(!identifiers.is_empty() && identifiers.iter().all(|line| line.contains(&image)));
}
