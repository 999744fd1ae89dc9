//! The law of layers: unpacking the base and applying the layer gives exactly the whole.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

mod applied;
#[path = "../disk/mod.rs"]
mod disk;
mod overlay;
mod touch;
#[path = "../tree/mod.rs"]
mod tree;
mod umoci;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use archive::{
    Digest, Entry, EntryPath, Kind, LayerError, Options, Whiteouts, canonicalize, layer, list,
};
use proptest::prelude::*;
use proptest::sample::Index;

use applied::{Applied, removed};
use tree::{Plan, plan};

/// Everything below `root`, deepest first.
fn paths(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if fs::symlink_metadata(&path).unwrap().is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.reverse();
    found
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Takes the names of whiteouts out of a random tree: a layer cannot have them.
fn without_whiteout_names(root: &Path) {
    for path in paths(root) {
        let name = path.file_name().unwrap_or(OsStr::new("")).as_bytes();
        if name.starts_with(b".wh.") {
            remove(&path);
        }
    }
}

fn diff(base: &Path, whole: &Path, whiteouts: Whiteouts) -> Vec<u8> {
    let mut tar = Vec::new();
    let options = Options::new().with_whiteouts(whiteouts);
    let summary = layer(base, whole, &mut tar, &options).unwrap();
    assert_eq!(summary.sha256, Digest::of(&tar));
    // As a stream, it is canonical.
    let mut again = Vec::new();
    canonicalize(tar.as_slice(), &mut again, &options).unwrap();
    assert!(again == tar, "the canonical form of a layer is another");
    tar
}

/// The law, for a pair of trees, in the form of image layers.
fn holds(base: &Path, whole: &Path) -> Vec<Entry> {
    let entries = holds_in(Whiteouts::Oci, base, whole);
    let names: BTreeSet<&EntryPath> = entries.iter().map(|entry| &entry.path).collect();
    for entry in &entries {
        if let Some(gone) = removed(&entry.path) {
            assert!(!names.contains(&gone), "both `{gone}` and its whiteout");
            assert_is_plain(entry);
        }
    }
    entries
}

/// The law, for a pair of trees, in either form.
fn holds_in(whiteouts: Whiteouts, base: &Path, whole: &Path) -> Vec<Entry> {
    let tar = diff(base, whole, whiteouts);
    let (before, _) = disk::packed(base);
    let (after, _) = disk::packed(whole);
    let mut applied = Applied::new(&before);
    applied.apply(&tar, whiteouts);
    assert_eq!(applied.facts(), Applied::new(&after).facts());
    let entries = list(tar.as_slice()).unwrap();
    assert!(entries.is_sorted());
    entries
}

/// A whiteout has nothing but its name.
fn assert_is_plain(entry: &Entry) {
    let facts = (entry.mode, entry.uid, entry.gid, entry.mtime);
    assert_eq!(facts, (0, 0, 0, 0), "{entry:?}");
    assert!(entry.xattrs.is_empty(), "{entry:?}");
}

fn planted(plan: &Plan) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    plan.plant(root.path());
    root
}

/// Edits of a tree: removals, and then additions.
fn edits() -> impl Strategy<Value = (Vec<Index>, Plan)> {
    (prop::collection::vec(any::<Index>(), 0..4), plan())
}

/// A tree, and the same after edits.
fn edited(
    base: &Plan,
    (gone, more): &(Vec<Index>, Plan),
) -> (tempfile::TempDir, tempfile::TempDir) {
    let (before, after) = (planted(base), planted(base));
    let all = paths(after.path());
    if !all.is_empty() {
        for index in gone {
            remove(index.get::<PathBuf>(&all));
        }
    }
    more.plant(after.path());
    (before, after)
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_layer_makes_any_tree_of_any_other(base in plan(), whole in plan()) {
        let (base, whole) = (planted(&base), planted(&whole));
        without_whiteout_names(base.path());
        without_whiteout_names(whole.path());
        holds(base.path(), whole.path());
    }

    #[test]
    fn a_layer_has_what_was_done_to_a_tree(base in plan(), edits in edits()) {
        let (before, after) = edited(&base, &edits);
        without_whiteout_names(before.path());
        without_whiteout_names(after.path());
        holds(before.path(), after.path());
    }

    #[test]
    fn a_tree_that_did_not_change_has_an_empty_layer(base in plan()) {
        let (one, other) = (planted(&base), planted(&base));
        without_whiteout_names(one.path());
        without_whiteout_names(other.path());
        // Removing names changes the times of directories, and these times alone do not count.
        prop_assert!(holds(one.path(), other.path()).is_empty());
    }
}

#[test]
fn a_name_that_removes_another_is_refused() {
    let (base, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(whole.path().join("new")).unwrap();
    fs::write(whole.path().join("new/.wh.x"), "").unwrap();
    let error = layer(base.path(), whole.path(), std::io::sink(), &Options::new()).unwrap_err();
    assert!(matches!(error, LayerError::WhiteoutName { .. }), "{error}");
}

#[test]
fn what_a_layer_has() {
    let (base, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |root: &Path, path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    };
    for root in [base.path(), whole.path()] {
        for (path, text) in [
            ("a/same", "1"),
            ("a/deep/same", "1"),
            ("c/same", "1"),
            ("l/one", "1"),
        ] {
            write(root, path, text);
        }
        fs::hard_link(root.join("l/one"), root.join("l/two")).unwrap();
    }
    for (path, text) in [
        ("a/gone", "1"),
        ("a/changed", "1"),
        ("b/x", "1"),
        ("d", "1"),
        ("l/part", "1"),
    ] {
        write(base.path(), path, text);
    }
    fs::hard_link(base.path().join("l/part"), base.path().join("l/parted")).unwrap();
    for (path, text) in [
        ("a/changed", "2"),
        ("a/new", "1"),
        ("d/now/a/directory", "1"),
        ("l/part", "1"),
        ("l/parted", "1"),
    ] {
        write(whole.path(), path, text);
    }
    fs::write(whole.path().join("b"), "now a file").unwrap();
    let entries = holds(base.path(), whole.path());
    // Checked by GNU tar: every link has its target, every entry its directory.
    let unpacked = disk::unpack(&diff(base.path(), whole.path(), Whiteouts::Oci));
    assert!(unpacked.path().join("a/.wh.gone").exists());
    let shown: Vec<String> = entries.iter().map(|entry| entry.path.to_string()).collect();
    let expected = [
        "a",
        "a/.wh.gone",
        "a/changed",
        "a/new",
        "b",
        "d",
        "d/now",
        "d/now/a",
        "d/now/a/directory",
        "l",
        "l/part",
        "l/parted",
    ];
    assert_eq!(shown, expected);
}
