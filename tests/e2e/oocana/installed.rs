//! What the executor layer installs, asked of npm and pip on the base with the layer.

use std::{collections::BTreeMap, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine::workspace,
};
use serde_json::Value;

use super::{
    built,
    law::{Applied, applied},
};

/// Versions by name.
type Packages = BTreeMap<String, String>;

/// A05: every package of package.json and requirements.txt, at its version, on both platforms.
#[test]
fn npm_and_pip_find_all_that_is_declared() {
    let Some(bed) = Bed::shared() else { return };
    let (node, python) = (declared_for_npm(), declared_for_pip());
    assert!(!node.is_empty() && !python.is_empty());
    for Applied { arch, tree, .. } in applied(built(bed)).iter() {
        let said = inside(tree, "npm ls --global --json");
        let said: Value = serde_json::from_str(&said).unwrap();
        let found = said["dependencies"].as_object().unwrap().iter();
        let found: Packages = found
            .map(|(name, package)| (name.clone(), text(&package["version"])))
            .collect();
        assert_eq!(found, node, "{arch}");
        let found = pinned(&inside(tree, "pip freeze"));
        let wanted = found.iter().filter(|(name, _)| python.contains_key(*name));
        let wanted: Packages = wanted
            .map(|(name, version)| (name.clone(), version.clone()))
            .collect();
        assert_eq!(wanted, python, "{arch}");
    }
}

/// What a shell says in a tree, with the startup file that gives it its PATH. npm asks the kernel where node is.
fn inside(tree: &Path, command: &str) -> String {
    let mut unshare = clean("unshare", tree);
    unshare
        .args(["--mount", "--pid", "--fork"])
        .arg(format!("--mount-proc={}", tree.join("proc").display()))
        .arg("chroot")
        .arg(tree)
        .args(["zsh", "-i", "-c", command])
        .env("HOME", "/root");
    run(&mut unshare).success().text().to_owned()
}

/// The dependencies of package.json, but for what comes with the runtime.
pub(super) fn declared_for_npm() -> Packages {
    let package = fs::read(workspace().join("package.json")).unwrap();
    let package: Value = serde_json::from_slice(&package).unwrap();
    let dependencies = package["dependencies"].as_object().unwrap().iter();
    let installed = dependencies.filter(|(name, _)| *name != "@oomol/oocana");
    installed
        .map(|(name, version)| (name.clone(), text(version)))
        .collect()
}

/// The lines of requirements.txt.
pub(super) fn declared_for_pip() -> Packages {
    let requirements = fs::read_to_string(workspace().join("requirements.txt")).unwrap();
    let packages = pinned(&requirements);
    assert_eq!(
        packages.len(),
        requirements.lines().count(),
        "each line is a pin"
    );
    packages
}

/// Lines of `NAME==VERSION`; a name is the same with `_` and with `-`.
fn pinned(lines: &str) -> Packages {
    let pins = lines.lines().filter_map(|line| line.split_once("=="));
    pins.map(|(name, version)| (name.to_lowercase().replace('_', "-"), version.to_owned()))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
