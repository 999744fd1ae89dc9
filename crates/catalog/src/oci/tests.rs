//! The config of an image on a base with a history.

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

fn configs(artifact: Artifact) -> OciConfigs {
    let artifact = artifact.platforms(["linux/arm64"]);
    let catalog = Catalog::new().artifact(artifact).check().unwrap();
    let request = Request {
        artifacts: vec!["a".to_owned()],
        ..Request::default()
    };
    let inputs = Inputs {
        lock: Lock::from_bytes(LOCK.as_bytes()).unwrap(),
        ..Inputs::default()
    };
    let variants = catalog.select(&request).unwrap();
    let plan = catalog.plan(&variants[0], &inputs, Caching::Use).unwrap();
    plan.oci
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
