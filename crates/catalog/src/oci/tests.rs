//! The config of an image on a base with a history.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::OciConfigs;
use crate::{
    Apt, Artifact, Caching, Catalog, Cmd, Entrypoint, Env, Expose, Healthcheck, Inputs, Label,
    Lock, Request, Step, StopSignal, User, Volume, Workdir,
};

const LOCK: &str = r#"
version = 1
[packages]
epoch = "2026-01-02T03:04:05Z"
[image."debian:12"]
digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
[image."debian:12".platform."linux/arm64"]
created = "2025-01-01T00:00:00Z"
env = ["PATH=/bin", "LANG=C"]
workdir = "/base"
user = "base"
entrypoint = ["/base/init"]
cmd = ["bash"]
exposed_ports = ["53/udp"]
volumes = ["/data"]
stop_signal = "SIGQUIT"
diff_ids = ["sha256:aa"]
labels = { base = "yes", a = "of the base" }
[image."debian:12".platform."linux/arm64".healthcheck]
test = ["CMD", "true"]
interval = 1
timeout = 2
start_period = 3
start_interval = 4
retries = 5
[[image."debian:12".platform."linux/arm64".history]]
created = "2025-01-01T00:00:00Z"
created_by = "ADD rootfs"
[[image."debian:12".platform."linux/arm64".history]]
created_by = "CMD"
empty_layer = true
"#;

#[test]
fn a_config_continues_from_its_base() {
    let oci = configs(
        Artifact::image("a", "debian:12")
            .step(Apt::install(["zsh"]))
            .step(Env::new("LANG", "C.UTF-8"))
            .step(Env::new("NEW", "1"))
            .step(Workdir::new("/app"))
            .step(User::new("app"))
            .step(Expose::new(["8080"]))
            .step(Volume::new(["/more"]))
            .step(Label::new("a", "{arch}"))
            .step(Entrypoint::new(["/init"]))
            .step(Cmd::new(["serve"])),
    );
    let pretty = |json: &str| serde_json::to_string_pretty(&parsed(json)).unwrap();
    insta::assert_snapshot!("image", pretty(&oci.image));
    insta::assert_snapshot!("base", pretty(oci.base.as_ref().unwrap()));
}

#[test]
fn steps_go_before_the_base() {
    let check = |step: Step, key: &str, expected: Value| {
        let oci = configs(Artifact::image("a", "debian:12").step(step));
        assert_eq!(parsed(&oci.image)["config"][key], expected);
    };
    check(
        StopSignal::new("SIGTERM").into(),
        "StopSignal",
        json!("SIGTERM"),
    );
    let often = Healthcheck::command("curl -f localhost").interval("30s");
    check(
        often.into(),
        "Healthcheck",
        json!({ "Test": ["CMD-SHELL", "curl -f localhost"], "Interval": 30_000_000_000_i64 }),
    );
    check(
        Healthcheck::none().into(),
        "Healthcheck",
        json!({ "Test": ["NONE"] }),
    );
}

/// A lock whose base has so many layers and a history of `entries`. An entry that is true has no layer.
fn lock_of_base(layers: usize, entries: &[bool]) -> String {
    let digest = "1".repeat(64);
    let layers: Vec<String> = (0..layers).map(|layer| format!("sha256:{layer}")).collect();
    let history = entries.iter().enumerate().map(|(number, empty_layer)| {
        format!(
            "[[image.\"debian:12\".platform.\"linux/arm64\".history]]\n\
             created_by = \"{number}\"\nempty_layer = {empty_layer}\n"
        )
    });
    let history: Vec<String> = history.collect();
    let history = history.concat();
    format!(
        "version = 1\n[packages]\nepoch = \"2026-01-02T03:04:05Z\"\n\
         [image.\"debian:12\"]\ndigest = \"sha256:{digest}\"\n\
         [image.\"debian:12\".platform.\"linux/arm64\"]\n\
         created = \"2025-01-01T00:00:00Z\"\ndiff_ids = {layers:?}\n{history}"
    )
}

/// The histories of an image with one layer of its own, and of its base.
fn histories(layers: usize, entries: &[bool]) -> [Vec<Value>; 2] {
    let artifact = Artifact::image("a", "debian:12").step(Workdir::new("/app"));
    let oci = configs_with(artifact, &lock_of_base(layers, entries));
    [oci.image, oci.base.unwrap()].map(|config| {
        let config = parsed(&config);
        config["history"].as_array().unwrap().clone()
    })
}

fn has_layer(entry: &Value) -> bool {
    entry["empty_layer"] != true
}

proptest! {
    /// Each layer has one entry, and ours is that of our layer, even if the base's history has too few entries or too
    /// many.
    #[test]
    fn each_layer_has_one_entry(
        layers in 0_usize..6,
        entries in proptest::collection::vec(any::<bool>(), 0..9),
    ) {
        let [image, base] = histories(layers, &entries);
        prop_assert_eq!(base.iter().filter(|entry| has_layer(entry)).count(), layers);
        let (ours, of_base) = image.split_last().unwrap();
        prop_assert_eq!(of_base, &base[..]);
        prop_assert_eq!(&ours["created_by"], "workdir /app");
        prop_assert!(has_layer(ours));
        // The entries of the base stay, in order.
        for (number, entry) in base.iter().take(entries.len()).enumerate() {
            prop_assert_eq!(&entry["created_by"], &json!(number.to_string()));
        }
    }
}

#[test]
fn what_a_history_lacks_and_what_it_has_too_much() {
    let check = |layers: usize, entries: &[bool], expected: Value| {
        let [image, _base] = histories(layers, entries);
        let of_base = &image[..image.len() - 1];
        assert_eq!(json!(of_base), expected, "{layers} {entries:?}");
    };
    let created = "2025-01-01T00:00:00Z";
    let entry = |number: &str| json!({ "created": created, "created_by": number });
    let padding = json!({ "created": created });
    let empty =
        |number: &str| json!({ "created": created, "created_by": number, "empty_layer": true });
    check(2, &[false], json!([entry("0"), padding]));
    check(1, &[], json!([padding]));
    check(2, &[true, false], json!([empty("0"), entry("1"), padding]));
    check(
        2,
        &[false, false, false],
        json!([entry("0"), entry("1"), empty("2")]),
    );
    check(0, &[false], json!([empty("0")]));
}

fn configs(artifact: Artifact) -> OciConfigs {
    configs_with(artifact, LOCK)
}

fn configs_with(artifact: Artifact, lock: &str) -> OciConfigs {
    let artifact = artifact.platforms(["linux/arm64"]);
    let catalog = Catalog::new().artifact(artifact).check().unwrap();
    let request = Request {
        artifacts: vec!["a".to_owned()],
        ..Request::default()
    };
    let inputs = Inputs {
        lock: Lock::from_bytes(lock.as_bytes()).unwrap(),
        ..Inputs::default()
    };
    let variants = catalog.select(&request).unwrap();
    let plan = catalog.plan(&variants[0], &inputs, Caching::Use).unwrap();
    plan.oci
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
