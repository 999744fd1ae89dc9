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

fn entries(tar: &Path) -> Vec<archive::Entry> {
    archive::list(fs::read(tar).unwrap().as_slice()).unwrap()
}

fn names(tar: &Path) -> Vec<String> {
    let entries = entries(tar);
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

/// Applies the layer to the base as the OCI image specification says, with GNU tar, and packs what comes of it.
#[test]
fn the_base_with_the_layer_is_the_whole() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let out = built(bed, home.path());
    let tree = home.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let unpack = |tar: &str| {
        let keeps = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"];
        run(clean("tar", &tree).args(keeps).arg(out.join(tar))).success();
    };
    unpack("below.tar");
    for entry in entries(&out.join("amd64-edits.tar")) {
        let path = tree.join(entry.path.to_string());
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(gone) = name.strip_prefix(".wh.") {
            remove(&path.with_file_name(gone));
        } else if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir())
            != (entry.kind == archive::Kind::Directory)
        {
            // Of another type, it takes the place of what is there.
            remove(&path);
        }
    }
    unpack("amd64-edits.tar");
    run(clean("find", &tree).args([".", "-name", ".wh.*", "-delete"])).success();
    let mut applied = Vec::new();
    archive::pack(&tree, &mut applied, &archive::Options::new()).unwrap();
    let applied = timeless_directories(archive::list(applied.as_slice()).unwrap());
    let whole = timeless_directories(entries(&out.join("whole.tar")));
    let differing: Vec<_> = applied
        .iter()
        .filter(|entry| !whole.contains(entry))
        .collect();
    assert_eq!(differing, Vec::<&archive::Entry>::new());
    assert_eq!(applied.len(), whole.len());
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// A directory in which names came and went has another time, and no entry for that alone.
fn timeless_directories(mut entries: Vec<archive::Entry>) -> Vec<archive::Entry> {
    for entry in &mut entries {
        if entry.kind == archive::Kind::Directory {
            entry.mtime = 0;
        }
    }
    entries
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

/// BuildKit's names for trees by content leave times out, and the packer writes them.
#[test]
fn another_time_is_another_layer() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    for time in [1_600_000_000, 1_700_000_000] {
        fs::write(home.path().join("declared"), time.to_string()).unwrap();
        run(fixture("images", home.path()).args(["--addr", &bed.address(), "build", "dated"]))
            .success();
        let entries = entries(&home.path().join("out/dated.tar"));
        let dated: Vec<_> = entries
            .iter()
            .map(|entry| (entry.path.to_string(), entry.mtime))
            .collect();
        assert_eq!(dated, [("dated".to_owned(), time)]);
    }
}
