//! The config of an image on a base with a history.

use crate::{
    Apt, Artifact, Caching, Catalog, Cmd, Entrypoint, Env, Expose, Healthcheck, Inputs, Label,
    Lock, Request, StopSignal, User, Volume, Workdir,
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
cmd = ["bash"]
diff_ids = ["sha256:aa"]
volumes = ["/data"]
[[image."debian:12".platform."linux/arm64".history]]
created = "2025-01-01T00:00:00Z"
created_by = "ADD rootfs"
[[image."debian:12".platform."linux/arm64".history]]
created_by = "CMD"
empty_layer = true
"#;

#[test]
fn a_config_continues_from_its_base() {
    let artifact = Artifact::image("a", "debian:12")
        .platforms(["linux/arm64"])
        .step(Apt::install(["zsh"]))
        .step(Env::new("LANG", "C.UTF-8"))
        .step(Env::new("NEW", "1"))
        .step(Workdir::new("/app"))
        .step(User::new("app"))
        .step(Expose::new(["8080"]))
        .step(Volume::new(["/more"]))
        .step(StopSignal::new("SIGQUIT"))
        .step(Healthcheck::command("true").interval("30s").retries(3))
        .step(Label::new("a", "{arch}"))
        .step(Entrypoint::new(["/init"]))
        .step(Cmd::new(["serve"]));
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
    let pretty = |json: &str| {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    insta::assert_snapshot!("image", pretty(&plan.oci.image));
    insta::assert_snapshot!("base", pretty(plan.oci.base.as_ref().unwrap()));
}
