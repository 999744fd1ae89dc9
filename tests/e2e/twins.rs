//! Artifacts and the Dockerfiles that they replace, built by the same daemon: the same file tree.

use std::path::Path;

use llbgen_tests::{
    bed::Bed,
    command::run,
    image::ARCHITECTURES,
    machine::workspace,
    parity::{Justified, compare},
    tree::Tree,
};

use crate::built::{buildctl, built};

/// Where the trees may differ, and why.
const BASE_ROOTFS: &[Justified] = &[];
const SERVER_BASE: &[Justified] = &[];

/// The tree that a Dockerfile of the workspace makes.
fn twin(bed: &Bed, dockerfile: &str, platform: &str) -> Tree {
    let home = tempfile::tempdir().unwrap();
    let dir = workspace().join("dockerfiles");
    run(buildctl(bed, home.path())
        .args([
            "build",
            "--frontend",
            "dockerfile.v0",
            "--output",
            "type=tar,dest=twin.tar",
        ])
        .args([
            "--opt",
            &format!("filename={dockerfile}"),
            "--opt",
            &format!("platform={platform}"),
        ])
        .args([
            "--local",
            &local("context", &dir),
            "--local",
            &local("dockerfile", &dir),
        ]))
    .success();
    Tree::open(&home.path().join("twin.tar")).unwrap()
}

fn local(name: &str, dir: &Path) -> String {
    format!("{name}={}", dir.display())
}

#[test]
fn base_rootfs_is_its_twin() {
    let Some(bed) = Bed::shared() else { return };
    for arch in ARCHITECTURES {
        let ours = built(bed).tree(&format!("{arch}-rootfs.tar"));
        let twin = twin(bed, "base.dockerfile", &format!("linux/{arch}"));
        assert!(ours.get("usr/bin/zsh").is_some());
        compare(&ours, &twin, BASE_ROOTFS).unwrap();
    }
}

#[test]
fn server_base_is_its_twin() {
    let Some(bed) = Bed::shared() else { return };
    for arch in ARCHITECTURES {
        let ours = built(bed).tree(&format!("{arch}-server-base.tar"));
        let twin = twin(bed, "server-base.dockerfile", &format!("linux/{arch}"));
        compare(&ours, &twin, SERVER_BASE).unwrap();
    }
}

#[test]
fn one_planted_file_in_either_tree_is_seen() {
    let Some(bed) = Bed::shared() else { return };
    let ours = built(bed).tree("amd64-server-base.tar");
    let mut planted = ours.clone();
    let mut layer = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mode(0o644);
    layer
        .append_data(&mut header, "etc/planted", std::io::empty())
        .unwrap();
    planted
        .apply_layer(layer.into_inner().unwrap().as_slice())
        .unwrap();
    for (artifact, twin) in [(&ours, &planted), (&planted, &ours)] {
        assert!(
            compare(artifact, twin, &[])
                .unwrap_err()
                .starts_with("etc/planted: ")
        );
        compare(artifact, twin, &[("etc/planted", "planted")]).unwrap();
    }
    let idle = compare(&ours, &ours, &[("etc/planted", "planted")]).unwrap_err();
    assert_eq!(idle, "etc/planted: is justified, but does not differ");
}
