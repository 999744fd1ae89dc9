//! A layer with the whiteouts of overlays: unpacked, it is the upper directory of one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use archive::{Entry, Kind};
use llbgen_tests::{
    bed::Bed,
    command::{as_emitted, clean, run},
    machine,
};

const CATALOG: &str = r#"
[artifact.below]
kind = "rootfs"
base = "debian:bookworm"
platforms = ["linux/amd64"]
output = "below.tar"
steps = [{ network = "none", run = '''
mkdir -p /t/kept /t/gone/deep /t/again/deep /t/dir /t/links
for f in kept/a kept/b gone/deep/x again/deep/old again/stays dir/x file odd; do echo $f > /t/$f; done
echo one > /t/links/a; ln /t/links/a /t/links/b; echo two > /t/links/c; ln /t/links/c /t/links/d
''' }]

[artifact.edits]
kind = "layer"
whiteouts = "overlay"
base = "below"
platforms = ["linux/amd64"]
output = "edits.tar"
steps = [EDITS]

[artifact.whole]
kind = "rootfs"
base = "below"
platforms = ["linux/amd64"]
output = "whole.tar"
steps = [EDITS]
"#;

const EDITS: &str = r#"{ network = "none", run = '''
rm -r /t/gone /t/again /t/dir /t/file /t/kept/b /t/links/d
mkdir -p /t/again/new /t/file/dir; echo now > /t/dir; echo x > /t/file/dir/x; echo .wh > /t/again/.wh.deep
chmod 0700 /t/kept; chown 1000:1000 /t/odd; echo more >> /t/links/a; mkfifo /t/pipe; ln -s kept /t/link
rm /usr/share/perl5/Debconf/Client/ConfModule.pm
''' }"#;

fn llbgen(home: &Path) -> Command {
    fs::write(home.join("llbgen.toml"), CATALOG.replace("EDITS", EDITS)).unwrap();
    clean(machine::llbgen(), home)
}

/// Builds the artifacts; where they are.
fn built(bed: &Bed, home: &Path) -> PathBuf {
    run(llbgen(home).args(["--addr", &bed.address(), "build", "all"])).success();
    home.join("out")
}

/// What is in a tar, but for the times of directories: one in which names came and went has another, and no entry for
/// that alone.
fn entries(tar: &Path) -> Vec<Entry> {
    let mut entries = archive::list(fs::File::open(tar).unwrap()).unwrap();
    for entry in &mut entries {
        if entry.kind == Kind::Directory {
            entry.mtime = 0;
        }
    }
    entries
}

/// Unpacks a tar as GNU tar does it.
fn unpack(tar: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    let keeps = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"];
    run(clean("tar", to).args(keeps).arg(tar)).success();
}

#[test]
fn what_is_gone_is_a_device_and_nothing_else_is() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let entries = entries(&built(bed, home.path()).join("edits.tar"));
    let of_kind = |is_whiteout: bool| -> Vec<String> {
        let found = entries
            .iter()
            .filter(|entry| (entry.kind == Kind::WHITEOUT) == is_whiteout);
        found.map(|entry| entry.path.to_string()).collect()
    };
    let gone = [
        "t/again/deep",
        "t/again/stays",
        "t/gone",
        "t/kept/b",
        "t/links/d",
        "usr/share/perl5/Debconf/Client/ConfModule.pm",
    ];
    assert_eq!(of_kind(true), gone);
    let rest = of_kind(false);
    for name in [
        "t/again/.wh.deep",
        "t/dir",
        "t/file/dir/x",
        "t/kept",
        "t/links/a",
    ] {
        assert!(rest.iter().any(|found| found == name), "{name}: {rest:#?}");
    }
    assert!(!rest.iter().any(|found| found == "bin"), "{rest:#?}");
}

/// The kernel's opinion: the base as the lower directory, the layer as the upper one.
#[test]
fn the_layer_mounted_over_the_base_is_the_whole() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let out = built(bed, home.path());
    unpack(&out.join("below.tar"), &home.path().join("lower"));
    unpack(&out.join("edits.tar"), &home.path().join("upper"));
    // The mount ends with its namespace, in which nobody else sees it: so it is copied.
    let script = "mkdir work merged
        mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
        cp -a merged copy";
    run(clean("unshare", home.path()).args(["--mount", "sh", "-ec", script])).success();
    let packed = home.path().join("merged.tar");
    let writer = fs::File::create(&packed).unwrap();
    archive::pack(&home.path().join("copy"), writer, &archive::Options::new()).unwrap();
    let (merged, whole) = (entries(&packed), entries(&out.join("whole.tar")));
    let differing: Vec<_> = merged
        .iter()
        .filter(|entry| !whole.contains(entry))
        .collect();
    assert_eq!(differing, Vec::<&Entry>::new());
    assert_eq!(merged.len(), whole.len());
}

#[test]
fn buildctl_makes_the_same_bytes() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let out = built(bed, home.path());
    let emitted = run(llbgen(home.path()).args(["emit", "edits"])).success();
    let elsewhere = home.path().join("elsewhere");
    run(&mut as_emitted(&emitted, &bed.address(), &elsewhere)).success();
    let theirs = fs::read(elsewhere.join("edits.tar")).unwrap();
    assert!(theirs == fs::read(out.join("edits.tar")).unwrap());
}
