//! The third door: `docker buildx build` and buildctl through the gateway frontend.

mod graphs;
mod options;
mod questions;
mod team;

use std::{fs, path::Path, process::Command, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean, run},
    context::{PROGRAMS, context},
    frontend::{buildx, image},
    image::ARCHITECTURES,
    tree::Tree,
};
use serde_json::Value;

use crate::oocana::{Built, built, commands_run, config};

const BOTH: [&str; 2] = ["--platform", "linux/amd64,linux/arm64"];

/// After that it hangs: the tree of a base takes a while on its way out.
const LIMIT: Duration = Duration::from_mins(10);

/// A build of the built-in catalog on the daemon that has built everything.
fn through_buildx(shared: &Bed, built: &Built, arguments: &[&str]) -> Outcome {
    let mut command = buildx(shared, &built.bed, &built.home);
    command.args(["--progress", "rawjson"]).args(arguments);
    command.arg(context(&built.home));
    Running::start(&mut command).wait_for(LIMIT).success()
}

/// What buildx says besides news.
fn news(said: &Outcome) -> String {
    let lines = said.stderr.lines().filter(|line| line.starts_with('{'));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn layers_are_the_same_tars_and_nothing_runs_again() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    for layer in ["executor-layer", "cloud-executor-layer"] {
        let to = built.home.join(format!("door-{layer}"));
        let output = format!("type=local,dest={}", to.display());
        let arguments = [&["--target", layer, "--output", &output][..], &BOTH].concat();
        let said = through_buildx(shared, built, &arguments);
        assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
        for arch in ARCHITECTURES {
            let name = format!("{arch}-executor.tar");
            let through_door = fs::read(to.join(format!("linux_{arch}")).join(&name)).unwrap();
            let direct = fs::read(built.out(&format!("{layer}/{name}"))).unwrap();
            assert!(through_door == direct, "{layer} {arch}");
        }
    }
}

#[test]
fn images_have_the_same_layers_and_configs() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    let registry = &shared.description().registry;
    for name in ["oocana-mount", "oocana-runtime"] {
        let reference = format!("{registry}/door/{name}:latest");
        let output = format!("type=image,name={reference},push=true");
        let mut arguments = vec!["--target", name, "--output", &output];
        arguments.extend(BOTH);
        if name == "oocana-runtime" {
            arguments.extend(PROGRAMS);
        }
        let said = through_buildx(shared, built, &arguments);
        assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
        for arch in ARCHITECTURES {
            let archive = format!(
                "oci-archive:{}",
                built.out(&format!("{name}.oci.tar")).display()
            );
            let pushed = format!("docker://{reference}");
            assert_eq!(
                layers(&built.home, &pushed, arch),
                layers(&built.home, &archive, arch)
            );
            let configs = [&pushed, &archive].map(|image| config(&built.home, image, arch));
            assert_eq!(configs[0], configs[1]);
        }
    }
}

fn layers(home: &Path, image: &str, arch: &str) -> Value {
    let mut command = clean("skopeo", home);
    command.args([
        "inspect",
        "--tls-verify=false",
        "--override-arch",
        arch,
        image,
    ]);
    let said: Value = serde_json::from_slice(&run(&mut command).success().stdout).unwrap();
    said["Layers"].clone()
}

#[test]
fn root_filesystems_are_the_same_trees() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    for arch in ARCHITECTURES {
        let tar = built.home.join(format!("door-{arch}.tar"));
        let output = format!("type=tar,dest={}", tar.display());
        let platform = format!("linux/{arch}");
        // The Dockerfile that an artifact replaces stands for it.
        let file = context(&built.home).join("dockerfiles/base.dockerfile");
        let file = file.to_str().unwrap();
        let arguments = ["-f", file, "--platform", &platform, "--output", &output];
        let said = through_buildx(shared, built, &arguments);
        assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
        let direct = Tree::open(&built.out(&format!("{arch}-rootfs.tar"))).unwrap();
        let through_door = Tree::open(&tar).unwrap();
        assert_eq!(through_door.differences(&direct).len(), 0);
        fs::remove_file(tar).unwrap();
    }
}

/// `--frontend gateway.v0`, as BuildKit's own client has it.
#[test]
fn buildctl_has_the_same_door() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    let to = built.home.join("door-buildctl");
    let mut command = buildctl(&built.bed, &built.home);
    command
        .args(["--opt", &format!("source={}", image(shared))])
        .args([
            "--opt",
            "target=executor-layer",
            "--opt",
            "platform=linux/arm64",
        ])
        .arg("--local")
        .arg(format!("context={}", context(&built.home).display()))
        .arg("--output")
        .arg(format!("type=local,dest={}", to.display()));
    let said = run(&mut command).success();
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    let direct = fs::read(built.out("executor-layer/arm64-executor.tar")).unwrap();
    assert!(fs::read(to.join("arm64-executor.tar")).unwrap() == direct);
}

fn buildctl(bed: &Bed, home: &Path) -> Command {
    let mut command = clean("buildctl", home);
    command.args(["--addr", &bed.address(), "build", "--progress", "rawjson"]);
    command.args(["--frontend", "gateway.v0"]);
    command
}
