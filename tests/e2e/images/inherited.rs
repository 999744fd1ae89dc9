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

/// Puts an image that is Debian's but for what `change` does to its config into the registry, as `image`.
fn push_base(home: &Path, registry: &str, image: &str, change: impl Fn(&mut Value)) {
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
    change(&mut config);
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
        |config| config["config"] = run_with(),
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

/// Builders other than Docker's write too little history, or none; the daemon would fill in the wall clock.
#[test]
fn the_history_of_a_base_lacks_nothing_and_has_nothing_too_much() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let registry = &bed.description().registry;
    let entry = |step: &str| json!({"created": "2020-01-01T00:00:00Z", "created_by": step});
    let padding = json!({"created": "2025-01-01T00:00:00Z"});
    let mut surplus = entry("two");
    surplus["empty_layer"] = true.into();
    let bases = [
        ("none", json!([]), vec![padding]),
        (
            "surplus",
            json!([entry("one"), entry("two")]),
            vec![entry("one"), surplus],
        ),
    ];
    for (name, history, of_base) in bases {
        let base = format!("{registry}/history/{name}:1");
        push_base(home.path(), registry, &base, |config| {
            config["history"] = history.clone();
        });
        // `other` makes the vertex that both share, and would be named in the daemon's record of it.
        let artifact = |name: &str| {
            format!(
                "[artifact.{name}]\nkind = \"image\"\nbase = \"{base}\"\nplatforms = [\"linux/amd64\"]\n\
                 steps = [{{ copy = \"f.txt\", to = \"/f/\" }}, {{ env = {{ A = \"{name}\" }} }}]\n"
            )
        };
        let catalog = [artifact("other"), artifact("app")].concat();
        fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
        fs::write(home.path().join("f.txt"), "f\n").unwrap();
        let build = |artifact: &str| {
            let mut build = clean(machine::llbgen(), home.path());
            build.args(["--addr", &bed.address(), "build", artifact, "--no-cache"]);
            run(build.args(["-o", &format!("type=oci,dest={artifact}.tar")])).success();
            fs::read(home.path().join(format!("{artifact}.tar"))).unwrap()
        };
        build("other");
        let first = build("app");
        assert!(first == build("app"), "{name}");
        let config = inspect(home.path(), &["--config", "--raw"], "oci-archive:app.tar");
        let layers = config["rootfs"]["diff_ids"].as_array().unwrap().len();
        let history = config["history"].as_array().unwrap();
        let of_layers = history.iter().filter(|entry| entry["empty_layer"] != true);
        assert_eq!((of_layers.count(), layers), (2, 2), "{name}: {history:?}");
        let (ours, rest) = history.split_last().unwrap();
        assert_eq!(rest, of_base, "{name}");
        assert_eq!(ours["created_by"], "copy f.txt to /f/", "{name}");
    }
}
