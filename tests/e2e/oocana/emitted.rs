//! The built-in catalog through `emit` and buildctl.

use std::{fs, path::PathBuf};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, llbgen, run},
    context::PROGRAMS,
    image::ARCHITECTURES,
    progress,
};

use super::{Built, built, config};

fn emitted(built: &Built, artifact: &str, arch: &str) -> (Outcome, String) {
    let platform = format!("linux/{arch}");
    let mut emit = llbgen(&built.home);
    emit.args(["emit", artifact, "--platform", &platform]);
    if artifact == "oocana-runtime" {
        emit.args(PROGRAMS);
    }
    let emitted = run(&mut emit).success();
    let line = emitted
        .stderr
        .lines()
        .find_map(|line| line.split_once("buildctl build"));
    let line = line.unwrap().1.to_owned();
    (emitted, line)
}

fn buildctl(built: &Built, artifact: &str, arch: &str) -> PathBuf {
    let (emitted, line) = emitted(built, artifact, arch);
    let dir = built.home.join(format!("buildctl-{artifact}-{arch}"));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("graph.pb"), &emitted.stdout).unwrap();
    let script = format!("cd {} && buildctl build {line} < graph.pb", dir.display());
    run(clean("sh", &built.home)
        .env("BUILDKIT_HOST", built.bed.address())
        .args(["-c", &script]))
    .success();
    dir
}

#[test]
fn buildctl_makes_the_same_tar_and_the_same_config() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        let dir = buildctl(built, "executor-layer", arch);
        let name = format!("{arch}-executor.tar");
        let ours = built.out(&format!("executor-layer/{name}"));
        assert!(fs::read(dir.join(name)).unwrap() == fs::read(ours).unwrap());
        let dir = buildctl(built, "oocana-runtime", arch);
        let archive = format!(
            "oci-archive:{}",
            dir.join("oocana-runtime.oci.tar").display()
        );
        assert_eq!(
            config(&built.home, &archive, arch),
            built.config("oocana-runtime", arch)
        );
    }
}

/// The vertices of the image for mounts are all in the one that has more.
#[test]
fn images_share_all_that_they_can() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let digests = |artifact: &str| {
        let (emitted, _) = emitted(built, artifact, "arm64");
        fs::write(built.home.join("shared.pb"), &emitted.stdout).unwrap();
        let script = "buildctl debug dump-llb < shared.pb";
        let dump = run(clean("sh", &built.home).args(["-c", script])).success();
        progress::execs(dump.text()).unwrap()
    };
    let (mount, runtime) = (digests("oocana-mount"), digests("oocana-runtime"));
    assert!(
        mount.len() > 3 && mount.is_subset(&runtime),
        "{mount:?} {runtime:?}"
    );
}
