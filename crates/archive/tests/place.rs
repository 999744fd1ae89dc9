//! Laws of putting files into trees: nothing is lost on the way, and existing files stay as they were.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

mod disk;
mod tree;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use archive::{Copy, Entry, EntryPath, Kind, PlaceError, Unpacker, copy, list};
use proptest::prelude::*;
use rustix::io::Errno;

use tree::{Plan, plan};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn a_copy_and_an_unpacked_tar_are_the_tree(plan in plan()) {
        let source = planted(&plan);
        let whole = listed(source.path());
        for put in [copied, unpacked] {
            let target = tempfile::tempdir().unwrap();
            put(&source, target.path()).unwrap();
            prop_assert_eq!(&listed(target.path()), &whole);
        }
        // GNU tar agrees.
        let target = disk::unpack(&disk::packed(source.path()).0);
        prop_assert_eq!(&listed(target.path()), &whole);
    }

    #[test]
    fn what_a_tree_has_stays_as_it_was(base in plan(), plan in plan()) {
        let source = planted(&plan);
        for put in [copied, unpacked] {
            let target = planted(&base);
            let (was, root) = (by_path(target.path()), root_time(target.path()));
            match put(&source, target.path()) {
                Ok(()) => {}
                // Something is a directory in one tree and none in the other.
                Err(PlaceError::IsADirectory { .. } | PlaceError::NotADirectory { .. }) => continue,
                // Something is below a directory in one tree, which is a link in the other: to itself, to or through a
                // file, or out of a directory that does not exist.
                Err(PlaceError::Target { source: error, .. }) if leads_nowhere(&error) => {
                    prop_assert!(listed(source.path()).iter().chain(was.values()).any(is_link));
                    continue;
                }
                Err(error) => return Err(TestCaseError::fail(format!("{error:?}"))),
            }
            prop_assert_eq!(root_time(target.path()), root);
            let is = by_path(target.path());
            for (path, entry) in was.iter().filter(|(_, entry)| entry.kind == Kind::Directory) {
                prop_assert_eq!(&is[path], entry);
            }
        }
    }
}

fn leads_nowhere(error: &std::io::Error) -> bool {
    [Errno::LOOP, Errno::NOTDIR, Errno::NOENT]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn is_link(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Symlink { .. })
}

fn planted(plan: &Plan) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    plan.plant(root.path());
    root
}

fn copied(source: &tempfile::TempDir, target: &Path) -> Result<(), PlaceError> {
    let all = Copy {
        path: b"/".to_vec(),
        to: b"/".to_vec(),
        ..Copy::default()
    };
    copy(source.path(), target, &all)
}

fn unpacked(source: &tempfile::TempDir, target: &Path) -> Result<(), PlaceError> {
    let (tar, _) = disk::packed(source.path());
    let mut unpacker = Unpacker::new(target, b"/")?;
    unpacker.unpack(tar.as_slice())?;
    unpacker.finish()
}

fn listed(root: &Path) -> Vec<Entry> {
    let (tar, _) = disk::packed(root);
    list(tar.as_slice()).unwrap()
}

fn by_path(root: &Path) -> BTreeMap<EntryPath, Entry> {
    let entries = listed(root).into_iter();
    entries.map(|entry| (entry.path.clone(), entry)).collect()
}

/// Seconds and nanoseconds.
fn root_time(root: &Path) -> (i64, i64) {
    let metadata = std::fs::metadata(root).unwrap();
    (metadata.mtime(), metadata.mtime_nsec())
}
