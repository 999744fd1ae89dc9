//! Layers: the base with the layer on it is the whole, by whomever it is applied.

use std::{
    fs,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
};

/// Builds the test artifacts; where they are.
fn built(bed: &Bed, home: &Path) -> PathBuf {
    run(fixture("layers", home).args(["--addr", &bed.address(), "build", "all"])).success();
    home.join("out")
}

fn names(tar: &Path) -> Vec<String> {
    let bytes = fs::read(tar).unwrap();
    let entries = archive::list(bytes.as_slice()).unwrap();
    entries.iter().map(|entry| entry.path.to_string()).collect()
}

#[test]
fn deletions_are_whiteouts_and_nothing_else_is_touched() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let names = names(&built(bed, home.path()).join("amd64-edits.tar"));
    let has = |name: &str| names.iter().any(|found| found == name);
    for name in [
        "t/.wh.gone",
        "t/again/.wh.deep",
        "t/again/.wh.stays",
        "t/again/last",
        "t/dir",
        "t/file/dir/x",
        "t/links/.wh.e",
        "t/links/a",
        "t/links/d",
        "t/links/f",
        "t/pipe",
        "usr/share/perl5/Debconf/Client/.wh.ConfModule.pm",
    ] {
        assert!(has(name), "no {name} in {names:#?}");
    }
    for name in [
        "t/temporary",
        "t/.wh.temporary",
        "t/kept/b",
        "t/.wh.dir",
        "bin",
        "usr/bin",
    ] {
        assert!(!has(name), "{name} in {names:#?}");
    }
    assert!(names.len() < 60, "{names:#?}");
}

/// The layer as a layer of an image, unpacked by umoci.
#[test]
fn a_real_unpacker_agrees() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let out = built(bed, home.path());
    let umoci = |arguments: &[&str]| run(clean("umoci", home.path()).args(arguments)).success();
    umoci(&["init", "--layout", "image"]);
    umoci(&["new", "--image", "image:latest"]);
    for tar in ["below.tar", "amd64-edits.tar"] {
        let tar = out.join(tar);
        umoci(&[
            "raw",
            "add-layer",
            "--image",
            "image:latest",
            tar.to_str().unwrap(),
        ]);
    }
    umoci(&["unpack", "--image", "image:latest", "bundle"]);
    let mut unpacked = Vec::new();
    let tree = home.path().join("bundle/rootfs");
    archive::pack(&tree, &mut unpacked, &archive::Options::new()).unwrap();
    let facts = |tar: &[u8]| -> Vec<_> {
        let entries = archive::list(tar).unwrap();
        entries
            .into_iter()
            .map(|entry| {
                (
                    entry.path,
                    entry.kind,
                    entry.mode,
                    entry.uid,
                    entry.gid,
                    entry.content,
                )
            })
            .collect()
    };
    let whole = fs::read(out.join("whole.tar")).unwrap();
    assert_eq!(facts(&unpacked), facts(&whole));
}

#[test]
fn buildctl_makes_the_same_bytes() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let out = built(bed, home.path());
    let mut emit = fixture("layers", home.path());
    let emitted = run(emit.args(["emit", "edits"])).success();
    let line = emitted
        .stderr
        .lines()
        .find_map(|line| line.split_once("buildctl build"))
        .unwrap()
        .1;
    fs::write(home.path().join("graph.pb"), &emitted.stdout).unwrap();
    let script = format!("mkdir elsewhere && cd elsewhere && buildctl build {line} < ../graph.pb");
    run(clean("sh", home.path())
        .env("BUILDKIT_HOST", bed.address())
        .args(["-c", &script]))
    .success();
    let theirs = fs::read(home.path().join("elsewhere/amd64-edits.tar")).unwrap();
    assert!(theirs == fs::read(out.join("amd64-edits.tar")).unwrap());
}
