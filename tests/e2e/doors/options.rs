//! Options of buildx that reach steps, bases and results through the frontend.

use std::{fs, path::Path};

use llbgen_tests::{
    command::{clean, run},
    frontend::buildx,
    oci_archive::OciArchive,
    tree::Tree,
};

use super::on_each;
use crate::{agents::Agent, oocana::config};

/// perl is in every Debian system, and ssh-add is not.
const ASKS: &str = r#"[artifact.asks]
kind = "image"
base = "debian:bookworm"
platforms = ["linux/amd64"]
steps = [{ run = "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ENV{SSH_AUTH_SOCK})) or die; print \"agent\"' > /said", ssh = ["default"] }]
"#;

#[test]
fn agents_times_and_annotations_are_heard() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let agent = Agent::start(home);
        fs::write(home.join("llbgen.toml"), ASKS).unwrap();
        let build = |more: &[&str]| {
            let mut command = buildx(shared, bed, home);
            command
                .env("SSH_AUTH_SOCK", &agent.socket)
                .env("SOURCE_DATE_EPOCH", "1700000000")
                .args(["--target", "asks", "--annotation", "org.example.word=heard"])
                .args(["--output", "type=oci,dest=asks.tar"])
                .args(more)
                .arg(".");
            run(&mut command)
        };
        build(&[]).fails(1, &["asks", "ssh"]);
        build(&["--ssh", "default"]).success();
        let tree = OciArchive::open(&home.join("asks.tar")).tree("amd64");
        assert!(tree.get("said").unwrap().has_content(b"agent"));
        let config = config(home, "oci-archive:asks.tar", "amd64");
        assert_eq!(config["created"], "2023-11-14T22:13:20Z");
        let manifest =
            run(clean("skopeo", home).args(["inspect", "--raw", "oci-archive:asks.tar"]));
        let manifest = manifest.success();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest.stdout).unwrap();
        assert_eq!(manifest["annotations"]["org.example.word"], "heard");
    });
}

/// A base that nobody can fetch.
const REPLACED: &str = r#"[artifact.based]
kind = "rootfs"
base = "example.invalid/nothing/here:1"
steps = [{ copy = "hello", to = "/hello" }]
"#;

/// An image on the disk, sent by buildx, is the same base as the one in the registry that it was copied from.
#[test]
fn a_layout_on_the_disk_is_a_base() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let image = format!("{}/library/debian:bookworm", shared.description().registry);
        let mut copy = clean("skopeo", home);
        copy.args(["copy", "--quiet", "--all", "--src-tls-verify=false"])
            .arg(format!("docker://{image}"))
            .arg("oci:layout:bookworm");
        run(&mut copy).success();
        fs::write(home.join("llbgen.toml"), REPLACED).unwrap();
        fs::write(home.join("hello"), "hello\n").unwrap();
        let build = |context: &str, platform: &str| {
            let context = format!("example.invalid/nothing/here:1={context}");
            let mut command = buildx(shared, bed, home);
            command
                .args(["--target", "based", "--platform", platform])
                .args(["--build-context", &context])
                .args(["--output", "type=tar,dest=based.tar", "."]);
            run(&mut command)
        };
        let tree = |context: &str| {
            build(context, "linux/arm64").success();
            Tree::open(Path::new(&home.join("based.tar"))).unwrap()
        };
        let from_disk = tree("oci-layout://layout:bookworm");
        assert!(from_disk.get("hello").is_some() && from_disk.get("usr/bin/dpkg").is_some());
        let from_registry = tree(&format!("docker-image://{image}"));
        assert_eq!(from_disk.differences(&from_registry).len(), 0);
        build("oci-layout://layout:bookworm", "linux/riscv64").fails(1, &["riscv64"]);

        // All declared platforms are looked at, and nothing is left to pin.
        let check = |more: &[&str]| {
            let mut command = buildx(shared, bed, home);
            run(command
                .args(["--call", "check", "--target", "based"])
                .args(more)
                .arg("."))
        };
        let context = "example.invalid/nothing/here:1=oci-layout://layout:bookworm";
        check(&["--build-context", context]).success();
        assert_eq!(check(&[]).code(), Some(1));
    });
}
