//! The tar that a build writes is the one that crate `archive` packs from the same tree on disk.

use std::{fs, io, path::Path};

use archive::{Options, pack};
use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
};

use crate::kinds;

/// The sha256 of what `pack` makes of a directory, and of a file.
fn packed(root: &Path) -> String {
    pack(root, io::sink(), &Options::new())
        .unwrap()
        .sha256
        .to_string()
}

fn digest(path: &Path) -> String {
    let sum = run(clean("sha256sum", path.parent().unwrap()).arg(path)).success();
    sum.text()[..64].to_owned()
}

#[test]
fn a_build_is_packed_as_its_tree_is_packed() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let (tree, base) = (home.path().join("tree"), home.path().join("base.tar"));
    let kinds = kinds::kinds();
    kinds::tar(&kinds, fs::File::create(&base).unwrap());
    fs::create_dir(&tree).unwrap();
    kinds::make(&kinds, &tree);
    let context = format!("debian:bookworm={}", base.display());
    run(fixture("steps", home.path()).args([
        "--addr",
        &bed.address(),
        "build",
        "plain",
        "--build-context",
        &context,
    ]))
    .success();
    let built = home.path().join("out/plain.tar");
    let expected = packed(&tree);
    let difference = || {
        let own = home.path().join("own.tar");
        pack(&tree, fs::File::create(&own).unwrap(), &Options::new()).unwrap();
        listings(&built, &own)
    };
    assert!(expected.ends_with(&digest(&built)), "{}", difference());
}

/// What two tars hold, line by line, for a person to compare.
fn listings(ours: &Path, theirs: &Path) -> String {
    let list = |tar: &Path| {
        run(clean("tar", tar.parent().unwrap())
            .args(["-tvv", "--xattrs", "--full-time", "-f"])
            .arg(tar))
    };
    format!(
        "built:\n{}\npacked:\n{}",
        list(ours).success().text(),
        list(theirs).success().text()
    )
}

#[test]
fn a_system_with_a_socket_unpacks_and_packs_again() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    run(fixture("steps", home.path()).args(["--addr", &bed.address(), "build", "socket"]))
        .success();
    let (tar, tree) = (home.path().join("out/socket.tar"), home.path().join("tree"));
    fs::create_dir(&tree).unwrap();
    let unpack = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"];
    run(clean("tar", home.path())
        .args(unpack)
        .arg(&tar)
        .arg("-C")
        .arg(&tree))
    .success();
    assert!(!tree.join("kinds/socket").exists());
    assert!(packed(&tree).ends_with(&digest(&tar)));
}
