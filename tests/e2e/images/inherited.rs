//! What an image is run with when its steps say nothing: what its base is run with.

use std::{
    fs,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    image::hex,
    machine,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::inspect;

/// Everything that an image can be run with, some of it only in Docker's images.
fn run_with() -> Value {
    json!({
        "User": "1000:1000",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Env": ["PATH=/usr/bin:/bin", "KEPT=of the base", "CHANGED=of the base"],
        "Entrypoint": ["/bin/entry", "--of=base"],
        "Cmd": ["of", "the base"],
        "Healthcheck": {
            "Test": ["CMD-SHELL", "test -e /healthy"],
            "Interval": 30_000_000_000_u64,
            "Timeout": 5_000_000_000_u64,
            "StartPeriod": 2_000_000_000_u64,
            "StartInterval": 1_000_000_000_u64,
            "Retries": 4,
        },
        "Volumes": {"/var/data": {}},
        "WorkingDir": "/srv",
        "Labels": {"org.example.base": "yes"},
        "StopSignal": "SIGQUIT",
    })
}

/// Puts an image that is Debian's but for its config into the registry, as `image`.
fn push_base(home: &Path, registry: &str, image: &str) {
    let skopeo = |arguments: &[&str]| {
        run(clean("skopeo", home).args(["copy", "-q"]).args(arguments)).success();
    };
    let debian = format!("docker://{registry}/library/debian:bookworm");
    skopeo(&[
        "--src-tls-verify=false",
        "--override-arch",
        "amd64",
        &debian,
        "dir:base",
    ]);
    let dir = home.join("base");
    let read =
        |path: PathBuf| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let mut manifest = read(dir.join("manifest.json"));
    let digest = manifest["config"]["digest"].as_str().unwrap();
    let mut config = read(dir.join(digest.trim_start_matches("sha256:")));
    config["config"] = run_with();
    let config = config.to_string();
    let digest = hex(&Sha256::digest(&config));
    fs::write(dir.join(&digest), &config).unwrap();
    manifest["config"]["digest"] = format!("sha256:{digest}").into();
    manifest["config"]["size"] = config.len().into();
    fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    skopeo(&[
        "--dest-tls-verify=false",
        "dir:base",
        &format!("docker://{image}"),
    ]);
}

#[test]
fn what_an_image_does_not_say_is_what_its_base_says() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let prefix = format!("{}/inherited", bed.description().registry);
    push_base(
        home.path(),
        &bed.description().registry,
        &format!("{prefix}/base:1"),
    );
    let catalog = format!(
        r#"
[artifact.app]
kind = "image"
base = "{prefix}/base:1"
platforms = ["linux/amd64"]
steps = [
    {{ copy = "llbgen.toml", to = "/app.toml" }},
    {{ env = {{ CHANGED = "of ours", NEW = "of ours" }} }},
]
"#
    );
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    let push = [
        "build",
        "app",
        "--push",
        "--registry",
        &prefix,
        "--tag",
        "1",
    ];
    run(clean(machine::llbgen(), home.path())
        .args(["--addr", &bed.address()])
        .args(push))
    .success();
    // Raw, because skopeo leaves out what is Docker's alone.
    let flags = ["--config", "--raw"];
    let app = inspect(home.path(), &flags, &format!("docker://{prefix}/app:1"));
    let mut expected = run_with();
    expected["Env"] = json!([
        "PATH=/usr/bin:/bin",
        "KEPT=of the base",
        "CHANGED=of ours",
        "NEW=of ours",
    ]);
    assert_eq!(app["config"], expected);
}
