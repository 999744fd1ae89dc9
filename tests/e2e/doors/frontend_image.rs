//! The image of the frontend itself, as `frontend/llbgen.toml` describes it.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend::{image, platform},
    machine::{llbgen, workspace},
    oci_archive::OciArchive,
};
use serde_json::{Value, json};

use crate::oocana::config;

/// Without a shell, or anything else.
const FILES: [&str; 2] = ["llbgen-frontend", "llbgen-pack"];

fn check(home: &Path, archive: &Path, arch: &str) {
    let tree = OciArchive::open(archive).tree(arch);
    assert_eq!(Vec::from_iter(tree.paths()), FILES);
    for file in FILES {
        let node = format!("{:?}", tree.get(file).unwrap());
        assert!(node.starts_with("-0755 0:0 "), "{file}: {node}");
    }
    let image = format!("oci-archive:{}", archive.display());
    let config = config(home, &image, arch);
    assert_eq!(config["architecture"], arch);
    let config = &config["config"];
    assert_eq!(config["Entrypoint"], json!(["/llbgen-frontend"]));
    assert_eq!(
        config["Labels"],
        json!({
            "moby.buildkit.frontend.network.none": "true",
            "moby.buildkit.frontend.caps": "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring",
        })
    );
}

#[test]
fn it_holds_two_programs_and_says_what_buildkit_reads() {
    let Some(shared) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let own = platform();
    let own = own.trim_start_matches("linux/");
    // skopeo takes a tag or a digest.
    let (name, digest) = image(shared).rsplit_once('@').unwrap();
    let (repository, _tag) = name.rsplit_once(':').unwrap();
    let from = format!("docker://{repository}@{digest}");
    let mut copy = clean("skopeo", home);
    copy.args(["copy", "--quiet", "--src-tls-verify=false", &from]);
    run(copy.arg("oci-archive:own.tar")).success();
    check(home, &home.join("own.tar"), own);
}

/// Only the image is looked at: what stands for the programs of the other platform says what it is.
#[test]
fn it_is_built_for_every_platform_whose_programs_are_given() {
    let Some(shared) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = workspace().join("frontend/llbgen.toml");
    fs::copy(file, home.join("llbgen.toml")).unwrap();
    let stub =
        |arch: &str, name: &str| format!("this stands for {name} on {arch}, and does not run\n");
    for arch in ["amd64", "arm64"] {
        for name in FILES {
            let program = home.join("programs").join(arch).join(name);
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(&program, stub(arch, name)).unwrap();
            run(clean("chmod", home).arg("0755").arg(program)).success();
        }
    }
    let mut build = clean(llbgen(), home);
    build.args(["--addr", &shared.address(), "build"]);
    run(build.args(["--build-context", "programs=programs"])).success();
    let archive = home.join("out/llbgen-frontend.oci.tar");
    let image = format!("oci-archive:{}", archive.display());
    let raw = run(clean("skopeo", home).args(["inspect", "--raw", &image])).success();
    let index: Value = serde_json::from_slice(&raw.stdout).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    let platforms: Vec<&Value> = entries
        .iter()
        .map(|entry| &entry["platform"]["architecture"])
        .collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    for arch in ["amd64", "arm64"] {
        check(home, &archive, arch);
        let tree = OciArchive::open(&archive).tree(arch);
        for name in FILES {
            let stub = stub(arch, name);
            assert!(tree.get(name).unwrap().has_content(stub.as_bytes()));
        }
    }
}
