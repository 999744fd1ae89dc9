//! The runtime image: what it carries, from where it starts, and what it must be given.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{llbgen, run},
    context::{PROGRAMS, context, programs},
    image::ARCHITECTURES,
    progress,
    tree::Tree,
};

use super::{CERTIFICATES, built, commands_run};

#[test]
fn the_runtime_carries_the_tars_of_the_same_build() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    for arch in ARCHITECTURES {
        let (runtime, mount) = (
            built.image("oocana-runtime", arch),
            built.image("oocana-mount", arch),
        );
        let file = |path: &Path| {
            let bytes = fs::read(path).unwrap();
            let mut tar = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            tar.append_data(&mut header, "file", bytes.as_slice())
                .unwrap();
            let tree = Tree::read(tar.into_inner().unwrap().as_slice()).unwrap();
            tree.get("file").cloned().unwrap()
        };
        for (inside, outside) in [
            (
                "root/rootfs.tar",
                built.out(&format!("{arch}-server-base.tar")),
            ),
            (
                "tmp/executor-layer.tar",
                built.out(&format!("executor-layer/{arch}-executor.tar")),
            ),
        ] {
            assert_eq!(runtime.get(inside), Some(&file(&outside)), "{inside}");
        }
        for path in [
            "opt/ovmlayer",
            "root/entrypoint.sh",
            "usr/bin/oocana",
            "usr/bin/ovmlayer",
            "usr/bin/ovmlayer-helper",
            "root/rootfs.tar",
            "tmp/executor-layer.tar",
        ] {
            assert!(
                runtime.get(path).is_some() && mount.get(path).is_none(),
                "{path}"
            );
        }
        for path in [
            "app/node_modules/esbuild/package.json",
            "app/requirements.txt",
            "usr/sbin/mosquitto",
        ] {
            assert!(
                runtime.get(path).is_some() && mount.get(path).is_some(),
                "{path}"
            );
        }

        let config = built.config("oocana-runtime", arch);
        let run_with = &config["config"];
        assert_eq!(
            run_with["Entrypoint"],
            serde_json::json!(["bash", "-x", "/root/entrypoint.sh"])
        );
        assert_eq!(run_with["WorkingDir"], "/app");
        let env = run_with["Env"].as_array().unwrap();
        assert!(env.contains(&"NPM_CACHE=/root/.npm".into()) && env.contains(&"HOME=/root".into()));
        let labels = &run_with["Labels"];
        assert_eq!(labels["io.oomol.oocana.version"], format!("1.2-{arch}"));
        assert_eq!(labels["io.oomol.ovmlayer.version"], format!("3.4-{arch}"));
        assert_eq!(labels["io.oomol.rootfs.version"], "0.6.0");
        assert_eq!(labels["io.oomol.executor-layer.version"], "0.1.0");
        assert!(
            labels["org.opencontainers.image.description"]
                .as_str()
                .unwrap()
                .contains("directly")
        );
        let config = built.config("oocana-mount", arch);
        let labels = config["config"]["Labels"].as_object().unwrap();
        assert_eq!(labels.len(), 1);
        assert!(
            labels["org.opencontainers.image.description"]
                .as_str()
                .unwrap()
                .contains("mount")
        );
        assert!(config["config"]["Entrypoint"].is_null());
    }
}

/// R08: on a daemon that has built the image for mounts, the runtime image runs none of its steps again.
#[test]
fn the_runtime_starts_from_what_the_mount_was_built_of() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let home = tempfile::tempdir().unwrap();
    programs(home.path());
    let lock = context(&built.home).join("llbgen.lock");
    fs::copy(lock, context(home.path()).join("llbgen.lock")).unwrap();
    // One after the other, each on a daemon that goes when it is done: either takes gigabytes.
    for arch in ARCHITECTURES {
        starts_from_the_mount(&bed.private(), home.path(), arch);
    }
}

fn starts_from_the_mount(own: &Bed, home: &Path, arch: &str) {
    let platform = format!("linux/{arch}");
    let solved = |artifact: &str, contexts: &[&str]| {
        let mut command = llbgen(home);
        command.args(["--addr", &own.address(), "--progress", "rawjson"]);
        command.args(["build", artifact, "--platform", &platform]);
        // Only what is carried out is looked at.
        command.args(["-o", "type=oci,dest=/dev/null"]);
        command.args(["--build-ca", CERTIFICATES]).args(contexts);
        run(&mut command).success().stderr
    };
    let mount = solved("oocana-mount", &[]);
    let ran: Vec<String> = commands_run(&mount);
    assert!(ran.len() >= 4, "{ran:?}");
    let runtime = solved("oocana-runtime", &PROGRAMS);
    let vertices = progress::vertices(&runtime).unwrap();
    let mut shared = 0;
    for (digest, before) in progress::vertices(&mount).unwrap() {
        let Some(after) = vertices.get(&digest) else {
            assert!(!ran.contains(&before.name), "{}", before.name);
            continue;
        };
        // Files copied and directories made, too; sources are looked at again.
        if before.name.starts_with('[') && !before.executions.is_empty() {
            shared += 1;
            assert!(after.executions.is_empty(), "{}", before.name);
        }
    }
    assert!(shared >= ran.len(), "{shared}");
}

#[test]
fn inputs_that_are_not_given_are_told_before_anything_is_built() {
    let home = tempfile::tempdir().unwrap();
    context(home.path());
    let build = |more: &[&str]| {
        run(llbgen(home.path())
            .args(["--addr", "unix:///nobody", "build", "oocana-runtime"])
            .args(more))
    };
    build(&[]).fails(
        2,
        &[
            "`oocana`",
            "`amd64/versions.json`",
            "--build-context oocana=DIR --build-context ovmlayer=DIR",
        ],
    );
    programs(home.path());
    build(&["--build-context", "oocana=programs/oocana"])
        .fails(2, &["`ovmlayer`", "--build-context ovmlayer=DIR"]);
    build(&["--build-context", "oocana=nowhere"]).fails(3, &["`nowhere`", "`oocana`"]);
    fs::remove_dir_all(home.path().join("programs/oocana/arm64")).unwrap();
    build(&["--build-context", "oocana=programs/oocana"]).fails(3, &["`arm64", "programs/oocana"]);
    build(&["--platform", "linux/s390x"]).fails(2, &["linux/s390x", "`linux/arm64`"]);
}
