//! The walls between the layers: which member may depend on which, and on which outside crates; and that the modules
//! of the model are layers, too.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod modules;
mod purity;
mod sources;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// What each member may depend on, of the members. Arrows run downwards only.
const ARROWS: [(&str, &[&str]); 14] = [
    (
        "llbgen",
        &[
            "archive",
            "buildkit-client",
            "buildkit-llb",
            "catalog",
            "engine",
            "import",
        ],
    ),
    (
        "frontend",
        &["buildkit-client", "buildkit-llb", "catalog", "engine"],
    ),
    (
        "engine",
        &[
            "archive",
            "buildkit-client",
            "buildkit-llb",
            "buildkitd",
            "catalog",
            "file-set",
            // In its build script.
            "packer-build",
            "registry",
        ],
    ),
    ("registry", &["buildkit-client", "buildkit-llb"]),
    ("buildkitd", &["buildkit-client"]),
    // Examples of catalogs of their own, made as other teams would.
    ("example-crate", &["frontend", "llbgen"]),
    ("catalog", &["buildkit-llb", "file-set"]),
    ("import", &[]),
    ("buildkit-client", &["buildkit-llb"]),
    ("buildkit-llb", &[]),
    ("packer", &["archive"]),
    ("packer-build", &[]),
    ("archive", &["file-set"]),
    ("file-set", &[]),
];

/// Outside crates that only some members know: gRPC, protocol types, the terminal.
const KNOWN_TO: [(&str, &[&str]); 14] = [
    ("tonic", &["buildkit-client"]),
    ("tonic-prost", &["buildkit-client"]),
    ("buildkit-proto", &["buildkit-client"]),
    ("prost", &["buildkit-client", "buildkit-llb"]),
    ("hyper", &["buildkit-client", "registry"]),
    ("clap", &["llbgen"]),
    ("clap_complete", &["llbgen"]),
    ("indicatif", &["llbgen"]),
    ("anstream", &["llbgen"]),
    (
        "tokio",
        &[
            "llbgen",
            "engine",
            "frontend",
            "buildkit-client",
            "buildkitd",
            "registry",
        ],
    ),
    ("oci-spec", &["registry"]),
    ("reqwest", &["registry"]),
    ("dagre", &["llbgen"]),
    ("saphyr", &["import"]),
];

type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// The members with what they depend on outside their tests, under the names that they use.
fn dependencies() -> Dependencies {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(llbgen_tests::machine::workspace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let members = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            let outside_tests = dependencies
                .iter()
                .filter(|dependency| dependency["kind"] != "dev");
            let names = outside_tests.map(|dependency| {
                let renamed = &dependency["rename"];
                name(if renamed.is_null() {
                    &dependency["name"]
                } else {
                    renamed
                })
            });
            (name(&package["name"]), names.collect())
        });
    // The tests' own package is below no wall.
    members
        .filter(|(name, _): &(String, BTreeSet<String>)| name != "llbgen-tests")
        .collect()
}

/// The dependencies that cross a wall.
fn crossings(dependencies: &Dependencies) -> Vec<String> {
    let arrows = BTreeMap::from(ARROWS);
    let known_to = BTreeMap::from(KNOWN_TO);
    let mut crossings = Vec::new();
    for (member, names) in dependencies {
        let Some(below) = arrows.get(member.as_str()) else {
            crossings.push(format!("`{member}` has no place in the layers"));
            continue;
        };
        for name in names {
            let is_member = arrows.contains_key(name.as_str());
            let is_known = known_to
                .get(name.as_str())
                .is_none_or(|members| members.contains(&member.as_str()));
            if (is_member && !below.contains(&name.as_str())) || !is_known {
                crossings.push(format!("`{member}` depends on `{name}`"));
            }
        }
    }
    crossings
}

#[test]
fn no_dependency_crosses_a_wall() {
    let dependencies = dependencies();
    assert!(
        dependencies.contains_key("buildkit-llb"),
        "{dependencies:?}"
    );
    assert_eq!(crossings(&dependencies), Vec::<String>::new());
}

#[test]
fn crossings_are_seen() {
    for (member, planted) in [
        ("buildkit-llb", "catalog"),
        ("catalog", "engine"),
        ("buildkit-client", "catalog"),
        ("engine", "llbgen"),
        ("engine", "frontend"),
        ("buildkitd", "buildkit-llb"),
        ("buildkitd", "engine"),
        ("registry", "catalog"),
        ("engine", "reqwest"),
        ("archive", "buildkit-llb"),
        ("engine", "tonic"),
        ("catalog", "prost"),
        ("frontend", "clap"),
        ("catalog", "tokio"),
    ] {
        let mut dependencies = dependencies();
        dependencies
            .entry(member.to_owned())
            .or_default()
            .insert(planted.to_owned());
        assert_eq!(
            crossings(&dependencies),
            [format!("`{member}` depends on `{planted}`")]
        );
    }
}
