//! Tables: files that are put into a tree, and files that are refused.

mod copying;
mod making;
mod plain;
mod zips;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use super::*;
use crate::handmade::Handmade;

/// A directory with files, links (`name -> target`) and directories (`name/`), all at the time 1000.
fn tree(entries: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for entry in entries {
        if let Some((name, target)) = entry.split_once(" -> ") {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(target, path).unwrap();
        } else if let Some(name) = entry.strip_suffix('/') {
            fs::create_dir_all(root.path().join(name)).unwrap();
        } else {
            let path = root.path().join(entry);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, entry).unwrap();
        }
    }
    age(root.path());
    root
}

fn age(path: &Path) {
    if fs::symlink_metadata(path).unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            age(&entry.unwrap().path());
        }
    }
    let time = Timespec {
        tv_sec: 1000,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// The tree as lines: `path`, `path/` with mode and time, `path -> target`.
fn lines(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                let mode = metadata.mode() & 0o7777;
                found.push(format!("{name}/ {mode:o} {}", metadata.mtime()));
                open.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                found.push(format!("{name} -> {}", target.display()));
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

fn copied(source: &[&str], target: &[&str], path: &str, to: &str) -> Result<Vec<String>, String> {
    let (source, target) = (tree(source), tree(target));
    let what = Copy {
        path: path.into(),
        to: to.into(),
        ..Copy::default()
    };
    match copy(source.path(), target.path(), &what) {
        Ok(()) => Ok(lines(target.path())),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn where_a_copy_goes() {
    let check = |source: &[&str], target: &[&str], path: &str, to: &str, expected: &[&str]| {
        let found = copied(source, target, path, to).unwrap();
        assert_eq!(found, expected, "{path} to {to}");
    };
    // A file: into a directory, or under a name.
    check(&["f"], &[], "/f", "/g", &["g"]);
    check(&["f"], &["d/"], "/f", "/d", &["d/ 755 1000", "d/f"]);
    check(&["f"], &[], "/f", "/d/", &["d/ 755 0", "d/f"]);
    check(
        &["f"],
        &[],
        "/f",
        "/a/b/g",
        &["a/ 755 0", "a/b/ 755 0", "a/b/g"],
    );
    check(&["f"], &[], "/f", "/", &["f"]);
    // A directory: its entries are copied.
    check(&["d/f", "d/e/"], &[], "/d", "/", &["e/ 755 1000", "f"]);
    check(&["d/f"], &[], "d/", "/x", &["x/ 755 0", "x/f"]);
    check(
        &["d/f"],
        &["x/g"],
        "/d",
        "/x",
        &["x/ 755 1000", "x/f", "x/g"],
    );
    // Patterns.
    check(
        &["l/a.so", "l/b.so", "l/c"],
        &[],
        "/l/*.so",
        "/x",
        &["x/ 755 0", "x/a.so", "x/b.so"],
    );
    check(
        &["a/1/f", "b/2/g"],
        &[],
        "/*/[0-9]",
        "/x/",
        &["x/ 755 0", "x/f", "x/g"],
    );
}

#[test]
fn links_that_are_named_are_followed_and_others_are_kept() {
    let check = |source: &[&str], target: &[&str], path: &str, to: &str, expected: &[&str]| {
        let found = copied(source, target, path, to).unwrap();
        assert_eq!(found, expected, "{path} to {to}");
    };
    let alternatives = ["bin/awk -> /etc/awk", "etc/awk -> ../bin/mawk", "bin/mawk"];
    check(
        &alternatives,
        &[],
        "/bin/awk",
        "/bin/awk",
        &["bin/ 755 0", "bin/awk"],
    );
    check(
        &["d/l -> /nowhere", "d/m -> f", "d/f"],
        &[],
        "/d",
        "/",
        &["f", "l -> /nowhere", "m -> f"],
    );
    check(&["d -> e", "e/f"], &[], "/d/f", "/", &["f"]);
    // `..` and absolute targets stay in the tree.
    check(&["l -> ../../../f", "f"], &[], "/l", "/g", &["g"]);
    // In the target, links on the way are followed, and a link under the file's own name too, as COPY does.
    check(
        &["f"],
        &["usr/bin/", "bin -> usr/bin"],
        "/f",
        "/bin/f",
        &[
            "bin -> usr/bin",
            "usr/ 755 1000",
            "usr/bin/ 755 1000",
            "usr/bin/f",
        ],
    );
    check(
        &["bin/f"],
        &["usr/bin/", "bin -> /usr/bin"],
        "/",
        "/",
        &[
            "bin -> /usr/bin",
            "usr/ 755 1000",
            "usr/bin/ 755 1000",
            "usr/bin/f",
        ],
    );
    check(&["f"], &["l -> g", "g"], "/f", "/l", &["g", "l -> g"]);
    check(
        &["f"],
        &["l -> ../../x/g"],
        "/f",
        "/l",
        &["l -> ../../x/g", "x/ 755 0", "x/g"],
    );
    // A link in a copied directory takes the place of what is there.
    check(&["d/l -> new"], &["l -> old"], "/d", "/", &["l -> new"]);
    check(&["d/l"], &["l -> old", "old"], "/d", "/", &["l", "old"]);
}

#[test]
fn what_cannot_be_copied_is_named() {
    let check = |source: &[&str], target: &[&str], path: &str, to: &str, expected: &str| {
        let error = copied(source, target, path, to).unwrap_err();
        assert_eq!(error, expected, "{path} to {to}");
    };
    check(&[], &[], "/f", "/", "`/f` is not there");
    check(
        &["l -> a/b"],
        &[],
        "/l",
        "/",
        "`/l` is not there: it leads to `/a/b`",
    );
    check(&["f"], &[], "/*.so", "/", "`/*.so` matches nothing");
    check(&["l -> l"], &[], "/l", "/", "cannot read `/l`");
    check(
        &["d/x/f"],
        &["x"],
        "/d",
        "/",
        "`/x` is a directory here, and no directory in the tree that it goes into",
    );
    check(
        &["d/x"],
        &["x/"],
        "/d",
        "/",
        "`/x` is no directory here, and one in the tree that it goes into",
    );
    check(&["f"], &["x"], "/f", "/x/y", "cannot write `/x/y`");
}

#[test]
fn what_is_said_of_a_copy() {
    let source = tree(&["d/f", "d/.git", "d/e/.git", "d/e/g"]);
    let target = tempfile::tempdir().unwrap();
    let what = Copy {
        path: b"/d".to_vec(),
        to: b"/".to_vec(),
        mode: Some(file_set::Mode::of_bits(0o640)),
        time: Some(5),
        without: vec![b".git".to_vec()],
        ..Copy::default()
    };
    if fs::metadata(source.path()).unwrap().uid() != 0 {
        return;
    }
    copy(source.path(), target.path(), &what).unwrap();
    assert_eq!(lines(target.path()), ["e/ 750 5", "e/g", "f"]);
    let metadata = fs::metadata(target.path().join("e/g")).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o640, 5));
}

#[test]
fn directories_that_are_there_keep_what_they_have() {
    let source = tree(&["d/f", "d/new/f"]);
    fs::set_permissions(source.path().join("d"), fs::Permissions::from_mode(0o700)).unwrap();
    let target = tree(&["d/g"]);
    fs::set_permissions(target.path().join("d"), fs::Permissions::from_mode(0o1777)).unwrap();
    let what = Copy {
        path: b"/".to_vec(),
        to: b"/".to_vec(),
        ..Copy::default()
    };
    copy(source.path(), target.path(), &what).unwrap();
    assert_eq!(
        lines(target.path()),
        ["d/ 1777 1000", "d/f", "d/g", "d/new/ 755 1000", "d/new/f"]
    );
    make_directories(target.path(), &[b"/d/x/y"], &Attributes::default()).unwrap();
    assert_eq!(lines(target.path())[0], "d/ 1777 1000");
    make_directories(target.path(), &[b"/d"], &Attributes::default()).unwrap();
    assert_eq!(lines(target.path())[0], "d/ 1777 1000");
    assert_eq!(fs::metadata(target.path()).unwrap().mtime(), 1000);
}

fn unpacked(tar: &[u8], target: &[&str], to: &str) -> Result<Vec<String>, String> {
    let target = tree(target);
    let mut unpacker = Unpacker::new(target.path(), to.as_bytes()).unwrap();
    match unpacker.unpack(tar) {
        Ok(()) => {
            unpacker.finish().unwrap();
            Ok(lines(target.path()))
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn archives_are_put_where_they_belong() {
    let tar = Handmade::new()
        .dir("./")
        .dir("./bin/")
        .file("./bin/f", "x")
        .file("opt/a/b", "y")
        .hard_link("./opt/a/c", "./bin/f")
        .symlink("bin/l", "/anywhere")
        .file("twice", "1")
        .file("./twice", "2")
        .end();
    let expected = [
        "bin -> usr/bin",
        "opt/ 755 0",
        "opt/a/ 755 0",
        "opt/a/b",
        "opt/a/c",
        "twice",
        "usr/ 755 1000",
        "usr/bin/ 755 1000",
        "usr/bin/f",
        "usr/bin/l -> /anywhere",
    ];
    let target = ["usr/bin/", "bin -> usr/bin"];
    assert_eq!(unpacked(&tar, &target, "/").unwrap(), expected);
    let below = unpacked(&tar, &[], "/x/y").unwrap();
    assert_eq!(
        below[..3],
        ["x/ 755 0", "x/y/ 755 0", "x/y/bin/ 755 1000000000"]
    );
}

#[test]
fn a_directory_may_be_declared_after_what_is_in_it() {
    let tar = Handmade::new()
        .file("new/f", "")
        .dir("new/")
        .file("old/f", "")
        .dir("old/")
        .end();
    assert_eq!(
        unpacked(&tar, &["old/g"], "/").unwrap(),
        [
            "new/ 755 1000000000",
            "new/f",
            "old/ 755 1000",
            "old/f",
            "old/g"
        ]
    );
}

#[test]
fn an_archive_of_another_digest_is_refused() {
    let tar = Handmade::new().file("f", "").end();
    let check = |bytes: &[u8]| {
        let target = tree(&[]);
        let mut unpacker = Unpacker::new(target.path(), b"/").unwrap();
        unpacker.unpack_verified(tar.as_slice(), Digest::of(bytes))
    };
    check(&tar).unwrap();
    let error = check(b"another").unwrap_err().to_string();
    assert!(error.contains(&Digest::of(&tar).to_string()), "{error}");
}

#[test]
fn archives_that_lead_out_are_refused_or_stay_inside() {
    let check = |tar: Vec<u8>, expected: &str| {
        assert_eq!(unpacked(&tar, &[], "/").unwrap_err(), expected);
    };
    check(
        Handmade::new().file("../f", "").end(),
        "`../f` leads out of the archive",
    );
    check(
        Handmade::new().hard_link("f", "../../etc/passwd").end(),
        "`../../etc/passwd` leads out of the archive",
    );
    let through = Handmade::new()
        .symlink("l", "../../..")
        .file("l/f", "")
        .file("/g", "")
        .end();
    assert_eq!(
        unpacked(&through, &[], "/").unwrap(),
        ["f", "g", "l -> ../../.."]
    );
    assert!(unpacked(b"no tar", &[], "/").is_err());
    let whole = Handmade::new().file("f", "content").end();
    assert!(unpacked(&whole[..600], &[], "/").is_err());
}
