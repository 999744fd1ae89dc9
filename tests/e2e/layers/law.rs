//! The law of layers: the base with the layer on it is the whole, by whomever it is applied.

use std::{fs, path::Path};

use archive::{Entry, Kind};
use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    image::ARCHITECTURES,
};
use rustix::fs::{listxattr, removexattr};

use super::tar;
use crate::umoci::{Umoci, assert_same, facts, facts_on_disk};

/// Applies the layer to the base as the OCI image specification says, with GNU tar, and packs what comes of it.
#[test]
fn the_base_with_the_layer_is_the_whole() {
    let Some(bed) = Bed::shared() else { return };
    for arch in ARCHITECTURES {
        let home = tempfile::tempdir().unwrap();
        let tar = |name: &str| tar(bed, arch, name);
        let tree = home.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let unpack = |name: &str| {
            let keeps = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"];
            run(clean("tar", &tree).args(keeps).arg(tar(name))).success();
        };
        unpack("below");
        for entry in facts(&tar("edits")).values() {
            make_room(&tree, entry);
        }
        unpack("edits");
        run(clean("find", &tree).args([".", "-name", ".wh.*", "-delete"])).success();
        assert_same(&facts_on_disk(&tree), &facts(&tar("whole")));
    }
}

/// Takes away what an entry removes or replaces.
fn make_room(tree: &Path, entry: &Entry) {
    let path = tree.join(entry.path.to_string());
    let name = path.file_name().unwrap().to_str().unwrap();
    let found = fs::symlink_metadata(&path);
    if let Some(gone) = name.strip_prefix(".wh.") {
        remove(&path.with_file_name(gone));
    } else if found.is_ok_and(|found| found.is_dir()) && entry.kind == Kind::Directory {
        // GNU tar sets the attributes of a directory that is there, and removes none.
        remove_attributes(&path);
    } else {
        remove(&path);
    }
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

fn remove_attributes(directory: &Path) {
    let mut names = vec![0; 1 << 16];
    let length = listxattr(directory, &mut names[..]).unwrap();
    for name in names[..length].split(|byte| *byte == 0) {
        if name.starts_with(b"user.") {
            removexattr(directory, name).unwrap();
        }
    }
}

/// The layer as a layer of an image, unpacked by umoci.
#[test]
fn a_real_unpacker_agrees() {
    let Some(bed) = Bed::shared() else { return };
    for arch in ARCHITECTURES {
        let home = tempfile::tempdir().unwrap();
        let tar = |name: &str| tar(bed, arch, name);
        let umoci = Umoci::new(home.path());
        umoci.add("empty", &tar("below"), "below");
        umoci.add("below", &tar("edits"), "edited");
        let applied = facts_on_disk(&umoci.unpack("edited"));
        assert_same(&applied, &facts(&tar("whole")));
    }
}
