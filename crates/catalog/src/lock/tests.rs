//! The lock as a file, its errors, and the changes between two locks.

use std::collections::BTreeSet;

use super::{BaseConfig, Commit, Epoch, GitSource, ImagePin, Lock, LockError, Pinned};

const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const TWO: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

const CONFIG: &str = r#"{
  "created": "2026-01-02T03:04:05.678Z", "architecture": "amd64", "os": "linux",
  "config": {
    "Env": ["PATH=/usr/bin", "LANG=C.UTF-8", "EMPTY="], "WorkingDir": "/app", "User": "app:app",
    "Entrypoint": ["/init"], "Cmd": ["sh", "-c", "echo \"hi\""], "Labels": {"b": "2", "a": "1"},
    "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}, "StopSignal": "SIGQUIT",
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30000000000, "Retries": 3}
  },
  "rootfs": {"type": "layers", "diff_ids": ["sha256:aa"]},
  "history": [{"created": "2026-01-02T03:04:05Z", "created_by": "RUN x # \\ ü"}, {"created_by": "CMD", "empty_layer": true}]
}"#;

fn config() -> BaseConfig {
    BaseConfig::from_json(CONFIG.as_bytes()).unwrap()
}

fn lock() -> Lock {
    let mut lock = Lock::default();
    let both = ["linux/amd64", "linux/arm64"].map(|name| (name.parse().unwrap(), config()));
    lock.set_image(
        &"ubuntu".parse().unwrap(),
        ImagePin::new(ONE.parse().unwrap(), both),
    );
    let image = format!("ghcr.io/x/y@{TWO}").parse().unwrap();
    let one = [("linux/amd64".parse().unwrap(), BaseConfig::default())];
    lock.set_image(&image, ImagePin::new(TWO.parse().unwrap(), one));
    lock.set_http("https://example.com/a?b=c", ONE.parse().unwrap());
    let commit: Commit = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    lock.set_git(&"https://example.com/x.git#v1".parse().unwrap(), commit);
    lock.set_epoch(Epoch::from_seconds(1_764_144_625).unwrap());
    lock
}

#[test]
fn a_lock_is_the_same_text_after_reading_it() {
    let text = lock().to_text();
    let read = Lock::from_bytes(text.as_bytes()).unwrap();
    assert_eq!(read, lock());
    assert_eq!(read.to_text(), text);
    insta::assert_snapshot!(text);
}

#[test]
fn a_config_keeps_all_that_an_image_on_it_must_say() {
    let image = config().image_config();
    let env = [("PATH", "/usr/bin"), ("LANG", "C.UTF-8"), ("EMPTY", "")];
    assert_eq!(
        image.env,
        env.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(image.user.as_deref(), Some("app:app"));
    assert_eq!(image.entrypoint, ["/init"]);
    assert_eq!(image.exposed_ports.iter().collect::<Vec<_>>(), ["80/tcp"]);
    assert_eq!(config().history().len(), 2);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let check = |text: &str, expected: &str| {
        let error = Lock::from_bytes(text.as_bytes()).unwrap_err();
        let shown = error.to_string();
        assert!(shown.starts_with(expected), "{text:?}:\n{shown}");
    };
    check("", "`llbgen.lock` has no `version`");
    check(
        "version = 2\nnew = 1\n",
        "`llbgen.lock` is of version 2, and this llbgen reads version 1",
    );
    check(
        "version = 1\n<<<<<<< HEAD\n",
        "`llbgen.lock` line 2 is a conflict that git left",
    );
    check(
        "version = 1\n[image.ubuntu]\ndigest = \"sha256:12\"\n",
        "`llbgen.lock` line 2, column 8: `ubuntu` must be written as `ubuntu:latest`\n  2 | [image.ubuntu]",
    );
    check(
        "version = 1\n[image.\"ubuntu:latest\"]\ndigest = \"sha256:12\"\n",
        "`llbgen.lock` line 3, column 10: `sha256:12` is not a digest",
    );
    check(
        "version = 1\n[image.\"ubuntu:latest\"]\ndigset = \"\"\n",
        "`llbgen.lock` line 3, column 1: unknown field `digset`",
    );
    check(
        "version = 1\n[packages]\nepoch = \"yesterday\"\n",
        "`llbgen.lock` line 3, column 9: `yesterday` is not a moment in UTC",
    );
    check(
        "version = 1\n[git.\"https://example.com/x\"]\ncommit = \"v1\"\n",
        "`llbgen.lock` line 3, column 10: `v1` is not a commit",
    );
    assert_eq!(Lock::from_bytes(b"\xff").unwrap_err(), LockError::NotText);
}

#[test]
fn keys_have_one_spelling() {
    let check = |given: &str, expected: &str| {
        let image = given.parse().unwrap();
        assert_eq!(super::ImageKey::of(&image).as_str(), expected);
    };
    check("ubuntu", "ubuntu:latest");
    check("docker.io/library/ubuntu:24.04", "ubuntu:24.04");
    check(&format!("ubuntu:24.04@{ONE}"), "ubuntu:24.04");
    check(&format!("ubuntu@{ONE}"), &format!("ubuntu@{ONE}"));
    check("localhost:5000/a/b:1", "localhost:5000/a/b:1");
    let git = |text: &str| text.parse::<GitSource>().is_ok();
    assert!(git("https://example.com/x.git"));
    assert!(!git("https://example.com/x.git#--upload-pack=x"));
    assert!(!git("--upload-pack=x"));
    assert!(!git("ssh://example.com/x.git"));
}

#[test]
fn unused_entries_go_and_new_platforms_join() {
    let image = |platform: &str| Pinned::Image {
        reference: "ubuntu".parse().unwrap(),
        platform: platform.parse().unwrap(),
    };
    let mut lock = lock();
    lock.retain(&BTreeSet::from([image("linux/arm64")]));
    assert!(lock.pins(&image("linux/arm64")));
    assert!(!lock.pins(&image("linux/amd64")));
    assert_eq!(lock.count().images, 1);
    assert_eq!((lock.count().downloads, lock.count().git), (0, 0));
    let amd64 = ("linux/amd64".parse().unwrap(), config());
    let ubuntu = "ubuntu".parse().unwrap();
    lock.set_image(
        &ubuntu,
        ImagePin::new(ONE.parse().unwrap(), [amd64.clone()]),
    );
    assert!(lock.pins(&image("linux/arm64")) && lock.pins(&image("linux/amd64")));
    lock.set_image(&ubuntu, ImagePin::new(TWO.parse().unwrap(), [amd64]));
    assert!(!lock.pins(&image("linux/arm64")), "of the old digest");
}

#[test]
fn moves_are_told_in_the_order_of_the_file() {
    let mut new = lock();
    new.set_epoch(Epoch::from_seconds(1_764_144_626).unwrap());
    new.set_image(
        &"ubuntu".parse().unwrap(),
        ImagePin::new(TWO.parse().unwrap(), []),
    );
    new.set_http("https://example.com/new", TWO.parse().unwrap());
    new.git.clear();
    let told: Vec<String> = new
        .moved_from(&lock())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "packages: 2025-11-26T08:10:25Z → 2025-11-26T08:10:26Z",
            "ubuntu:latest: sha256:111111111111 → sha256:222222222222",
            "https://example.com/new: pinned to sha256:222222222222",
            "https://example.com/x.git#v1: dropped, nothing refers to it",
        ]
    );
    assert!(lock().moved_from(&lock()).is_empty());
}

#[test]
fn a_source_policy_has_the_pins() {
    let policy = serde_json::to_string_pretty(&lock().source_policy()).unwrap();
    insta::assert_snapshot!(policy);
}
