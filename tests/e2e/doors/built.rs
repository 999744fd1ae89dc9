//! Every artifact of the fleet at the root through buildx: the same bytes as `llbgen build` has them, and nothing runs
//! again.

use std::{fs, path::Path, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean, run},
    context::{PROGRAMS, context},
    frontend::{buildctl, buildx},
    machine::workspace,
    tree::Tree,
};
use serde_json::Value;

use super::{news, on_each_built};
use crate::oocana::{Built, commands_run, config};

/// After that it hangs: the tree of a base takes a while on its way out.
const LIMIT: Duration = Duration::from_mins(10);

/// A build on the daemon that has built everything, for the same platforms.
fn through_buildx(shared: &Bed, built: &Built, arguments: &[&str]) -> Outcome {
    let mut command = buildx(shared, &built.bed, &built.home);
    command.args(["--progress", "rawjson", "--platform", &built.platforms()]);
    command.args(arguments).arg(context(&built.home));
    let said = Running::start(&mut command).wait_for(LIMIT).success();
    assert_eq!(commands_run(&news(&said)), Vec::<String>::new());
    said
}

/// The same with BuildKit's own client.
fn through_buildctl(shared: &Bed, built: &Built, arguments: &[&str]) -> Outcome {
    let mut command = buildctl(shared, &built.bed, &built.home);
    command.args(["--progress", "rawjson", "--opt"]);
    command.arg(format!("platform={}", built.platforms()));
    command.arg("--local");
    command.arg(format!("context={}", context(&built.home).display()));
    command.args(arguments);
    let said = Running::start(&mut command).wait_for(LIMIT).success();
    assert_eq!(commands_run(&said.stderr), Vec::<String>::new());
    said
}

#[test]
fn layers_are_the_same_tars() {
    on_each_built(|shared, built| {
        let to = built.home.join("door-layer");
        let output = format!("type=local,dest={}", to.display());
        for layer in ["executor-layer", "cloud-executor-layer"] {
            let check = || {
                for arch in built.architectures {
                    let name = format!("{arch}-executor.tar");
                    let through_door = fs::read(of_platform(built, &to, arch).join(&name)).unwrap();
                    let direct = fs::read(built.out(&format!("{layer}/{name}"))).unwrap();
                    assert!(through_door == direct, "{layer} {arch}");
                }
                fs::remove_dir_all(&to).unwrap();
            };
            through_buildx(shared, built, &["--target", layer, "--output", &output]);
            check();
            let target = format!("target={layer}");
            through_buildctl(shared, built, &["--opt", &target, "--output", &output]);
            check();
        }
    });
}

/// Where a client puts what is of one platform.
fn of_platform(built: &Built, to: &Path, arch: &str) -> std::path::PathBuf {
    match built.architectures.len() {
        1 => to.to_owned(),
        _ => to.join(format!("linux_{arch}")),
    }
}

/// The Dockerfile that an artifact replaces stands for it, and all platforms are in one tar.
#[test]
fn root_filesystems_are_the_same_trees() {
    on_each_built(|shared, built| {
        let tar = built.home.join("door.tar");
        let output = format!("type=tar,dest={}", tar.display());
        for (artifact, dockerfile, suffix) in [
            ("base-rootfs", "base.dockerfile", "rootfs.tar"),
            ("server-base", "server-base.dockerfile", "server-base.tar"),
        ] {
            let check = || {
                let all = Tree::open(&tar).unwrap();
                for arch in built.architectures {
                    let direct = built.out(&format!("{arch}-{suffix}"));
                    let direct = Tree::open(&direct).unwrap();
                    let through_door = match built.architectures.len() {
                        1 => all.clone(),
                        _ => all.below(&format!("linux_{arch}")),
                    };
                    let differences = through_door.differences(&direct);
                    assert_eq!(differences.len(), 0, "{artifact} {arch} {differences:?}");
                }
                fs::remove_file(&tar).unwrap();
            };
            let directory = context(&built.home).join("dockerfiles");
            let file = directory.join(dockerfile);
            let file = file.to_str().unwrap();
            through_buildx(shared, built, &["-f", file, "--output", &output]);
            check();
            let target = format!("target={artifact}");
            through_buildctl(shared, built, &["--opt", &target, "--output", &output]);
            check();
        }
    });
}

/// R04: a catalog that `-f` names takes the place of `llbgen.toml`, and through all doors an image has the same layers.
#[test]
fn images_have_the_same_layers_and_configs() {
    on_each_built(|shared, built| {
        let registry = &shared.description().registry;
        let directory = context(&built.home).join("dockerfiles");
        let file = |name: &str| directory.join(name).display().to_string();
        fs::write(file("artifacts.toml"), renamed()).unwrap();
        let (catalog, twin) = (file("artifacts.toml"), file("oocana-mount.dockerfile"));
        let reference = format!("{registry}/door/{}", built.bed.description().pid);
        let output = format!("type=image,name={reference},push=true");
        let check = |name: &str| {
            let archive = built.archive(name);
            let pushed = format!("docker://{reference}");
            for arch in built.architectures {
                let layers = layers(&built.home, &pushed, arch);
                assert!(layers.as_array().is_some_and(|layers| layers.len() > 1));
                let manifest = archive.manifest(arch);
                let direct = manifest["layers"].as_array().unwrap().iter();
                let direct: Value = direct.map(|layer| layer["digest"].clone()).collect();
                assert_eq!(layers, direct, "{name} {arch}");
                let config = config(&built.home, &pushed, arch);
                assert_eq!(config, archive.config(arch), "{name} {arch}");
            }
            // The next one has to push it anew.
            run(clean("skopeo", &built.home).args(["delete", "--tls-verify=false", &pushed]))
                .success();
        };
        let outputs = ["--output", &output];
        let of_catalog = ["-f", &catalog, "--target", RENAMED];
        through_buildx(shared, built, &[&of_catalog[..], &outputs].concat());
        check("oocana-mount");
        through_buildx(shared, built, &[&["-f", &twin][..], &outputs].concat());
        check("oocana-mount");
        let beside = format!("dockerfile={}", directory.display());
        let of_catalog = ["--local", &beside, "--opt", "filename=artifacts.toml"];
        let target = format!("target={RENAMED}");
        let target = ["--opt", &target];
        through_buildctl(
            shared,
            built,
            &[&of_catalog[..], &target, &outputs].concat(),
        );
        check("oocana-mount");
        let runtime = ["--target", "oocana-runtime"];
        through_buildx(shared, built, &[&runtime[..], &PROGRAMS, &outputs].concat());
        check("oocana-runtime");
        let runtime = ["--opt", "target=oocana-runtime"];
        through_buildctl(shared, built, &[&runtime[..], &GIVEN, &outputs].concat());
        check("oocana-runtime");
    });
}

/// The name of `oocana-mount` in a catalog that is not `llbgen.toml`.
const RENAMED: &str = "mount";

/// The fleet, in which that artifact has its other name.
fn renamed() -> String {
    let fleet = fs::read_to_string(workspace().join("llbgen.toml")).unwrap();
    let renamed = [
        ("[artifact.oocana-mount]", "[artifact.mount]"),
        ("base = \"oocana-mount\"", "base = \"mount\""),
    ];
    renamed.into_iter().fold(fleet, |fleet, (name, other)| {
        assert!(fleet.contains(name));
        fleet.replace(name, other)
    })
}

/// [`PROGRAMS`] as buildctl has them.
const GIVEN: [&str; 8] = [
    "--opt",
    "context:oocana=local:oocana",
    "--local",
    "oocana=programs/oocana",
    "--opt",
    "context:ovmlayer=local:ovmlayer",
    "--local",
    "ovmlayer=programs/ovmlayer",
];

fn layers(home: &Path, image: &str, arch: &str) -> Value {
    let mut command = clean("skopeo", home);
    command.args(["inspect", "--tls-verify=false", "--override-arch"]);
    let said = run(command.args([arch, image])).success();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    said["Layers"].clone()
}
