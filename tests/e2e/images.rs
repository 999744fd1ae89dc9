//! Images: every platform in one index, configs that say everything, and nothing that was not asked for.

mod archives;
mod compression;
mod inherited;
mod lazy;
mod named;
mod parts;
mod pushed;
mod refused;

use std::{fs, path::Path, process::Command};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, fixture, run},
};
use serde_json::Value;

pub(crate) fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("declared"), "declared\n").unwrap();
    home
}

pub(crate) fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    run(fixture("images", home)
        .args(["--addr", &bed.address(), "build"])
        .args(arguments))
}

/// What skopeo says of an image.
pub(crate) fn inspect(home: &Path, flags: &[&str], image: &str) -> Value {
    let said = run(clean("skopeo", home)
        .args(["inspect", "--tls-verify=false"])
        .args(flags)
        .arg(image))
    .success();
    serde_json::from_slice(&said.stdout).unwrap()
}

pub(crate) fn tags(registry: &str, repository: &str) -> Vec<String> {
    let listed = Command::new("skopeo")
        .args(["list-tags", "--tls-verify=false"])
        .arg(format!("docker://{registry}/{repository}"))
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
    let tags = listed["Tags"].as_array().cloned().unwrap_or_default();
    let mut tags: Vec<String> = tags
        .iter()
        .map(|tag| tag.as_str().unwrap().to_owned())
        .collect();
    tags.sort();
    tags
}

/// The platforms of images, unless they are built for one.
pub(crate) const BOTH: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// The index and every manifest of a pushed image, as skopeo reads them: OCI media types, exactly these platforms, and
/// configs that are for them. `reference` is `:TAG` or `@DIGEST`.
pub(crate) fn manifests(
    home: &Path,
    repository: &str,
    reference: &str,
    platforms: &[&str],
) -> (Value, Vec<Value>) {
    let raw = |reference: &str| {
        let image = format!("docker://{repository}{reference}");
        inspect(home, &["--raw"], &image)
    };
    let index = raw(reference);
    assert_eq!(
        index["mediaType"],
        "application/vnd.oci.image.index.v1+json"
    );
    let descriptors = index["manifests"].as_array().unwrap();
    let found: Vec<String> = descriptors.iter().map(platform).collect();
    assert_eq!(found, platforms, "{index}");
    let manifests = descriptors.iter().zip(platforms).map(|(one, platform)| {
        let reference = format!("@{}", one["digest"].as_str().unwrap());
        let manifest = raw(&reference);
        assert_is_oci(&manifest);
        let image = format!("docker://{repository}{reference}");
        let config = inspect(home, &["--config", "--raw"], &image);
        assert_eq!(
            self::platform(&serde_json::json!({"platform": config})),
            *platform
        );
        manifest
    });
    let manifests = manifests.collect();
    (index, manifests)
}

/// The platform of a descriptor, as `--platform` takes it.
fn platform(descriptor: &Value) -> String {
    let text = |key: &str| descriptor["platform"][key].as_str().unwrap_or_default();
    format!("{}/{}", text("os"), text("architecture"))
}

fn assert_is_oci(manifest: &Value) {
    let media_type = |value: &Value| value["mediaType"].as_str().unwrap().to_owned();
    assert_eq!(
        media_type(manifest),
        "application/vnd.oci.image.manifest.v1+json"
    );
    assert_eq!(
        media_type(&manifest["config"]),
        "application/vnd.oci.image.config.v1+json"
    );
    for layer in manifest["layers"].as_array().unwrap() {
        let is_oci = media_type(layer).starts_with("application/vnd.oci.image.layer.");
        assert!(is_oci, "{layer}");
    }
}
