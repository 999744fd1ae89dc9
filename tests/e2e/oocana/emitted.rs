//! The fleet through `emit` and buildctl.

use std::{fs, path::PathBuf};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, as_emitted, clean, llbgen, run},
    context::PROGRAMS,
    image::ARCHITECTURES,
    progress,
};

use super::{Built, built, config};

fn emitted(built: &Built, artifact: &str, arch: &str, more: &[&str]) -> Outcome {
    let platform = format!("linux/{arch}");
    let mut emit = llbgen(&built.home);
    emit.args(["emit", artifact, "--platform", &platform]);
    emit.args(more);
    if artifact == "oocana-runtime" {
        emit.args(PROGRAMS);
    }
    run(&mut emit).success()
}

fn buildctl(built: &Built, artifact: &str, arch: &str, more: &[&str]) -> PathBuf {
    let emitted = emitted(built, artifact, arch, more);
    let dir = built.home.join(format!("buildctl-{artifact}-{arch}"));
    run(&mut as_emitted(&emitted, &built.bed.address(), &dir)).success();
    dir
}

#[test]
fn buildctl_makes_the_same_tar_and_pushes_the_same_config() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        let dir = buildctl(built, "executor-layer", arch, &[]);
        let name = format!("executor-layer/{arch}-executor.tar");
        let ours = built.out(&name);
        assert!(fs::read(dir.join(name)).unwrap() == fs::read(ours).unwrap());
        // As it is printed, the line pushes an image: here to the tests' own registry.
        let prefix = format!("{}/emitted", bed.description().registry);
        let names = ["--registry", &prefix, "--tag", arch, "--tag", "latest"];
        buildctl(built, "oocana-runtime", arch, &names);
        for tag in [arch, "latest"] {
            let pushed = format!("docker://{prefix}/oocana-runtime:{tag}");
            assert_eq!(
                config(&built.home, &pushed, arch),
                built.config("oocana-runtime", arch)
            );
        }
    }
}

/// R07: the vertices of the image for mounts are all in the one that has more.
#[test]
fn images_share_all_that_they_can() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let digests = |artifact: &str, arch: &str| {
        let emitted = emitted(built, artifact, arch, &[]);
        fs::write(built.home.join("shared.pb"), &emitted.stdout).unwrap();
        let script = "buildctl debug dump-llb < shared.pb";
        let dump = run(clean("sh", &built.home).args(["-c", script])).success();
        progress::operations(dump.text()).unwrap()
    };
    for arch in ARCHITECTURES {
        let mount = digests("oocana-mount", arch);
        let runtime = digests("oocana-runtime", arch);
        let is_shared = mount.is_subset(&runtime) && mount.len() < runtime.len();
        assert!(mount.len() > 8 && is_shared, "{mount:?} {runtime:?}");
    }
}
