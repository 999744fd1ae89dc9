//! What an image says of how it was built, and of what is in it.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine,
};
use serde_json::Value;

use super::{build, home, inspect};

/// The manifests of attestations in an index, each with the kinds of what it has.
fn attested(home: &Path, image: &str) -> Vec<Vec<String>> {
    let index = inspect(
        home,
        &["--raw", "--tls-verify=false"],
        &format!("docker://{image}"),
    );
    let repository = image.rsplit_once(':').unwrap().0;
    let manifests = index["manifests"].as_array().unwrap();
    let is_attestation = |manifest: &&Value| {
        manifest["annotations"]["vnd.docker.reference.type"] == "attestation-manifest"
    };
    manifests
        .iter()
        .filter(is_attestation)
        .map(|manifest| {
            let digest = manifest["digest"].as_str().unwrap();
            let name = format!("docker://{repository}@{digest}");
            let manifest = inspect(home, &["--raw", "--tls-verify=false"], &name);
            let layers = manifest["layers"].as_array().unwrap();
            let kind = |layer: &Value| layer["annotations"]["in-toto.io/predicate-type"].clone();
            let kinds = layers.iter().map(kind);
            kinds
                .map(|kind| kind.as_str().unwrap().to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn attestations_are_made_when_they_are_asked_for() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let prefix = format!("{}/attested", bed.description().registry);
    let push = |tag: &str, more: &[&str]| {
        let arguments = ["copies", "--push", "--registry", &prefix, "--tag", tag];
        build(bed, home.path(), &[&arguments, more].concat())
    };
    push("without", &["--provenance=false"]).success();
    let image = |tag: &str| format!("{prefix}/copies:{tag}");
    assert_eq!(
        attested(home.path(), &image("without")),
        Vec::<Vec<String>>::new()
    );
    push("with", &["--provenance"]).success();
    let kinds = attested(home.path(), &image("with"));
    assert_eq!(kinds.len(), 2, "one for each platform");
    for kinds in kinds {
        assert_eq!(kinds.len(), 1);
        assert!(kinds[0].contains("slsa.dev/provenance"), "{kinds:?}");
    }
    // It is another image, and one that is there already.
    let again = push("with", &["--provenance"]).success();
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);
    let other = push("with", &["--provenance=mode=max"]).success();
    assert!(!other.stderr.contains("up to date"), "{}", other.stderr);
    // What lists an image's contents is an image itself, which nobody has here.
    let generator = format!("--sbom=generator={prefix}/no-such-lister:1");
    push("listed", &[&generator]).fails(1, &["no-such-lister"]);
    build(
        bed,
        home.path(),
        &["copies", "--provenance", "-o", "type=docker,dest=x.tar"],
    )
    .fails(2, &["no place for attestations"]);
}

/// An image that lists what is in another one, by BuildKit's protocol (`docs/attestations/sbom-protocol.md`).
const LISTER: &str = r#"
[artifact.lister]
kind = "image"
base = "debian:bookworm"
steps = [
    { copy = "list.sh", to = "/list.sh" },
    { entrypoint = ["sh", "/list.sh"] },
]
"#;

/// It finds the image's own file, and names it.
const LIST: &str = r#"set -eu
files=$(cd "$BUILDKIT_SCAN_SOURCE" && echo declared*)
cat > "$BUILDKIT_SCAN_DESTINATION/$(basename "$BUILDKIT_SCAN_SOURCE").spdx.json" <<END
{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
 "predicate": {"SPDXID": "SPDXRef-DOCUMENT", "name": "$files"}}
END
"#;

/// The statements of that kind in the image's attestations.
fn statements(home: &Path, image: &str, kind: &str) -> Vec<Value> {
    let dir = tempfile::tempdir_in(home).unwrap();
    let copy = ["copy", "-q", "--all", "--src-tls-verify=false"];
    run(clean("skopeo", home)
        .args(copy)
        .arg(format!("docker://{image}"))
        .arg(format!("dir:{}", dir.path().display())))
    .success();
    let files = fs::read_dir(dir.path()).unwrap();
    let texts = files.filter_map(|file| fs::read(file.unwrap().path()).ok());
    texts
        .filter_map(|text| serde_json::from_slice::<Value>(&text).ok())
        .filter(|statement| statement["predicateType"] == kind)
        .collect()
}

#[test]
fn what_is_in_an_image_is_listed_by_the_image_that_is_named() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let prefix = format!("{}/listed", bed.description().registry);
    fs::write(home.path().join("llbgen.toml"), LISTER).unwrap();
    fs::write(home.path().join("list.sh"), LIST).unwrap();
    let push = ["--push", "--registry", &prefix, "--tag", "1"];
    run(clean(machine::llbgen(), home.path())
        .args(["--addr", &bed.address(), "build", "lister"])
        .args(push))
    .success();
    fs::remove_file(home.path().join("llbgen.toml")).unwrap();
    let generator = format!("--sbom=generator={prefix}/lister:1");
    build(
        bed,
        home.path(),
        &[&["copies", &generator], &push[..]].concat(),
    )
    .success();
    let image = format!("{prefix}/copies:1");
    let kind = "https://spdx.dev/Document";
    assert_eq!(attested(home.path(), &image), [[kind], [kind]]);
    let statements = statements(home.path(), &image, kind);
    assert_eq!(statements.len(), 2);
    for statement in statements {
        assert_eq!(statement["predicate"]["name"], "declared", "{statement}");
    }
}
