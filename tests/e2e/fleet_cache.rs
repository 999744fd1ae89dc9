//! The cache of a whole call: written by one daemon, read by another one.

use std::{collections::BTreeMap, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    machine::llbgen,
    progress::{self, Vertex},
};

use crate::oocana::config;

/// Each command writes something else each time that it runs.
const CATALOG: &str = r#"
[artifact.base]
kind = "rootfs"
base = "debian:bookworm"
platforms = ["linux/amd64", "linux/arm64"]
steps = [{ run = "cat /proc/sys/kernel/random/uuid > /base", network = "none" }]

[artifact.one]
kind = "image"
base = "base"
repository = "REGISTRY/cached/one"
tags = ["1"]
steps = [{ run = "cat /proc/sys/kernel/random/uuid > /one", network = "none" }]

[artifact.two]
kind = "layer"
base = "base"
steps = [{ run = "cat /proc/sys/kernel/random/uuid > /two", network = "none" }]

[artifact.three]
kind = "rootfs"
base = "one"
steps = [{ run = "cat /proc/sys/kernel/random/uuid > /three", network = "none" }]
"#;

const TARS: [&str; 3] = ["base", "two", "three"];

fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    let mut command = clean(llbgen(), home);
    let rawjson = ["--addr", &bed.address(), "--progress", "rawjson", "build"];
    run(command.args(rawjson).args(arguments))
}

fn home(bed: &Bed, catalog: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let catalog = catalog.replace("REGISTRY", &bed.description().registry);
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    home
}

fn cache(bed: &Bed, name: &str) -> String {
    format!("{}/cached/{name}", bed.description().registry)
}

/// The commands of the catalog that were carried out, and those that came from a cache.
fn commands(outcome: &Outcome) -> BTreeMap<String, bool> {
    let vertices = progress::vertices(&outcome.stderr).unwrap().into_values();
    let commands = vertices.filter(|vertex| vertex.name.contains("] run cat"));
    commands
        .map(|Vertex { name, cached, .. }| (name, cached))
        .collect()
}

fn tars(home: &Path) -> Vec<Vec<u8>> {
    let tar = |artifact: &str| {
        let platforms = ["amd64", "arm64"].into_iter();
        platforms
            .map(move |arch| format!("out/{artifact}/{arch}.tar"))
            .collect::<Vec<_>>()
    };
    let paths = TARS.iter().flat_map(|artifact| tar(artifact));
    paths
        .map(|path| fs::read(home.join(path)).unwrap())
        .collect()
}

#[test]
fn another_daemon_runs_nothing_that_is_in_the_cache() {
    let Some(bed) = Bed::shared() else { return };
    let first = home(bed, CATALOG);
    let (unused, whole) = (cache(bed, "first"), cache(bed, "whole"));
    let written = build(bed, first.path(), &["all", "--cache-to", &unused]).success();
    assert_eq!(commands(&written).len(), 8);
    // What is up to date is in the next cache, too.
    let other = CATALOG.replace("/two\"", "/other\"");
    fs::write(
        first.path().join("llbgen.toml"),
        other.replace("REGISTRY", &bed.description().registry),
    )
    .unwrap();
    let to = format!("type=registry,ref={whole},compression=zstd");
    build(bed, first.path(), &["all", "--cache-to", &to]).success();

    // Nothing is built: the cache stays, and that is told.
    let address = bed.address();
    let again = ["--addr", &address, "build", "all", "--cache-to", &whole];
    let again = run(clean(llbgen(), first.path()).args(again)).success();
    let told = format!("nothing is built, so the cache `{whole}` stays as it is");
    assert!(again.stderr.contains(&told), "{}", again.stderr);

    let second = home(bed, &other);
    let fresh = bed.private();
    let read = build(&fresh, second.path(), &["all", "--cache-from", &whole]).success();
    let ran: Vec<String> = commands(&read)
        .into_iter()
        .filter_map(|(name, cached)| (!cached).then_some(name))
        .collect();
    assert_eq!(ran, Vec::<String>::new());
    assert!(tars(second.path()) == tars(first.path()), "the same bytes");
}

#[test]
fn an_image_carries_the_cache_of_itself() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed, &CATALOG.replace("cached/one", "cached/inline"));
    let one = ["one", "--platform", "linux/amd64,linux/arm64", "--push"];
    build(
        bed,
        home.path(),
        &[&one[..], &["--cache-to", "type=inline"]].concat(),
    )
    .success();
    let image = format!("docker://{}/cached/inline:1", bed.description().registry);
    let config = config(home.path(), &image, "amd64");
    assert!(config["moby.buildkit.cache.v0"].is_string(), "{config}");
}

#[test]
fn the_oldest_daemon_writes_a_cache_with_a_warning() {
    let Some(bed) = Bed::shared() else { return };
    let oldest = bed.oldest();
    let home = home(bed, &CATALOG.replace(", \"linux/arm64\"", ""));
    let to = cache(bed, "oldest");
    let mut command = clean(llbgen(), home.path());
    let arguments = [
        "--addr",
        &oldest.address(),
        "build",
        "base",
        "two",
        "--cache-to",
        &to,
    ];
    let built = run(command.args(arguments)).success();
    assert!(
        built
            .stderr
            .contains("links between artifacts may be missing"),
        "{}",
        built.stderr
    );
    let fresh = bed.private();
    let other = tempfile::tempdir().unwrap();
    fs::copy(
        home.path().join("llbgen.toml"),
        other.path().join("llbgen.toml"),
    )
    .unwrap();
    let read = build(&fresh, other.path(), &["base", "--cache-from", &to]).success();
    assert_eq!(commands(&read).len(), 1);
    assert!(commands(&read).values().all(|cached| *cached));
}

#[test]
fn a_cache_that_cannot_be_written_fails_the_call_and_keeps_the_outputs() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed, CATALOG);
    let mut command = clean(llbgen(), home.path());
    let to = "type=registry,ref=localhost:1/none";
    let arguments = ["--addr", &bed.address(), "build", "base", "--cache-to", to];
    let failed = run(command.args(arguments)).fails(
        1,
        &["everything is built, but the cache `localhost:1/none` is not written"],
    );
    assert_eq!(failed.text().lines().count(), 2, "{}", failed.text());
    assert!(home.path().join("out/base/amd64.tar").exists());
}
