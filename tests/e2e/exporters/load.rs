//! `--load`: who takes images on this machine.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
};
use serde_json::Value;

use super::{home, inspect};

/// Podman, with all that it keeps in the directory `home`.
fn podman(home: &Path) -> std::process::Command {
    let mut command = clean("podman", home);
    command.env("CONTAINERS_STORAGE_CONF", storage(home));
    command
}

fn storage(home: &Path) -> std::path::PathBuf {
    let path = home.join("storage.conf");
    let (root, run) = (home.join("storage"), home.join("run"));
    let text = format!(
        "[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        root.display(),
        run.display()
    );
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn podman_has_what_was_loaded() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let load = |arguments: &[&str]| {
        run(fixture("images", home.path())
            .env("CONTAINERS_STORAGE_CONF", storage(home.path()))
            .args(["--addr", &bed.address(), "build"])
            .args(arguments))
    };
    let loaded = load(&["app", "--load=podman"]).success();
    assert_eq!(loaded.text(), "app:latest\n");
    let tagged = load(&["seeded", "--load=podman", "--tag", "mine"]).success();
    assert_eq!(tagged.text(), "ghcr.io/example/seeded:mine\n");
    let config = |image: &str| -> Value {
        let said = run(podman(home.path()).args(["image", "inspect", image])).success();
        serde_json::from_slice::<Value>(&said.stdout).unwrap()[0].clone()
    };
    let app = config("app:latest");
    let arch = llbgen::catalog::Platform::new(std::env::consts::OS, std::env::consts::ARCH);
    assert_eq!(app["Architecture"], arch.normalized().architecture());
    assert_eq!(app["Config"]["Entrypoint"][0], "cat");
    config("ghcr.io/example/seeded:mine");
    // What is complete is loaded, whatever else fails.
    let mixed = ["fails", "copies", "--load=podman", "--keep-going"];
    let mixed = load(&[&mixed[..], &["--platform", "linux/arm64"]].concat());
    assert_eq!(mixed.text(), "copies:latest\n");
    mixed.fails(1, &["artifact `fails` for `linux/arm64` failed"]);
    assert_eq!(config("copies:latest")["Architecture"], "arm64");
    load(&["dated", "--load=podman"]).fails(2, &["`dated` is of the kind layer"]);
    // Nothing but the images is left.
    assert!(!home.path().join("out").exists());
    // An engine that says no is heard.
    fs::write(home.path().join("storage.conf"), "nonsense").unwrap();
    run(fixture("images", home.path())
        .env("CONTAINERS_STORAGE_CONF", home.path().join("storage.conf"))
        .args(["--addr", &bed.address(), "build", "copies", "--load=podman"]))
    .fails(1, &["load` did not take the image of `copies`"]);
}

/// An engine that only notes how it was called, what it could read on stdin, and what it was to load.
const ENGINE: &str = r#"#!/bin/sh
PATH=/usr/bin:/bin
echo "${0##*/} $1 $2" >> calls
cat >> stdin
cp "$3" loaded.tar
"#;

/// A directory that has these engines, and nothing else.
fn engines(home: &Path, names: &[&str]) -> PathBuf {
    let directory = home.join(format!("engines-{}", names.join("-")));
    fs::create_dir(&directory).unwrap();
    for name in names {
        let path = directory.join(name);
        fs::write(&path, ENGINE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    directory
}

#[test]
fn docker_goes_before_podman() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    fs::write(home.path().join("typed"), "nobody reads this\n").unwrap();
    let load = |engines: &Path, flag: &str| {
        run(fixture("images", home.path())
            .env("PATH", engines)
            .stdin(File::open(home.path().join("typed")).unwrap())
            .args(["--addr", &bed.address(), "build", "app", flag])
            .args(["--platform", "linux/arm64", "--tag", "mine"]))
    };
    let take = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    let (both, podman, none) = (
        engines(home.path(), &["docker", "podman"]),
        engines(home.path(), &["podman"]),
        engines(home.path(), &[]),
    );
    for (engines, flag, expected) in [
        (&both, "--load", "docker"),
        (&both, "--load=auto", "docker"),
        (&both, "--load=docker", "docker"),
        (&both, "--load=podman", "podman"),
        (&podman, "--load", "podman"),
    ] {
        let loaded = load(engines, flag).success();
        assert_eq!(loaded.text(), "app:mine\n");
        assert_eq!(
            take("calls"),
            format!("{expected} load --input\n"),
            "{flag}"
        );
        assert_eq!(take("stdin"), "");
        let config = inspect(home.path(), &["--config"], "docker-archive:loaded.tar");
        assert_eq!(config["architecture"], "arm64");
        assert_eq!(config["config"]["Entrypoint"][0], "cat");
        let listed = inspect(
            home.path(),
            &["--raw"],
            "docker-archive:loaded.tar:app:mine",
        );
        assert_eq!(listed["layers"].as_array().unwrap().len(), 4);
        for name in ["calls", "stdin", "loaded.tar"] {
            fs::remove_file(home.path().join(name)).unwrap();
        }
    }
    load(&podman, "--load=docker").fails(2, &["there is no docker on PATH"]);
    load(&none, "--load").fails(2, &["there is no docker or podman on PATH"]);
    assert!(!home.path().join("calls").exists());
}
