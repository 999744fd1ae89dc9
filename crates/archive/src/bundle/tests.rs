use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use file_set::{FileSetDigest, Kind as SetKind};
use proptest::prelude::*;

use super::*;
use crate::{Copy, Digest, copy};

/// A set of files: for each path, whether it is executable, and its content.
type Files = std::collections::BTreeMap<String, (bool, Vec<u8>)>;

fn write(root: &Path, files: &Files) {
    for (path, (executable, content)) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let mode = if *executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn digest(files: &Files, link: Option<(&str, &str)>) -> Digest {
    let mut all: std::collections::BTreeMap<&str, (SetKind, Digest)> = files
        .iter()
        .map(|(path, (executable, content))| {
            let kind = SetKind::File {
                executable: *executable,
            };
            (path.as_str(), (kind, Digest::of(content)))
        })
        .collect();
    if let Some((path, target)) = link {
        all.insert(path, (SetKind::Symlink, Digest::of(target.as_bytes())));
    }
    let mut digest = FileSetDigest::new();
    for (path, (kind, content)) in all {
        digest.add(path.as_bytes(), kind, content.as_bytes());
    }
    digest.finish().into()
}

/// The bundles as a client makes them while it sends: from the sizes and digests of the files.
fn sent(files: &Files) -> Vec<(String, u64)> {
    let mut bundles: Vec<(FileSetDigest, u64)> = Vec::new();
    let mut cuts = Cuts::default();
    for (path, (executable, content)) in files {
        if cuts.is_before(path.as_bytes(), content.len() as u64) {
            bundles.push((FileSetDigest::new(), BUNDLE_END.len() as u64));
        }
        let (digest, bytes) = bundles.last_mut().unwrap();
        let executable = *executable;
        let kind = SetKind::File { executable };
        digest.add(path.as_bytes(), kind, Digest::of(content).as_bytes());
        let file = Bundled::file(path.as_bytes(), executable, content.len() as u64);
        *bytes += file.unwrap().bytes().unwrap();
    }
    let finished = |(digest, bytes): (FileSetDigest, u64)| (bundle_name(&digest.finish()), bytes);
    let mut names: Vec<_> = bundles.into_iter().map(finished).collect();
    names.sort();
    names
}

fn listing(directory: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, entry.metadata().unwrap().len())
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Unpacked bundles give the tree that a copy of the plain files gives, and both makers make the same bundles.
    #[test]
    fn bundles_are_the_files(
        files in prop::collection::btree_map(
            r"([a-c][-.é ]?/){0,2}f[a-z0-9]{1,3}(x{120})?",
            (any::<bool>(), prop::collection::vec(any::<u8>(), 0..1500)),
            1..40,
        ),
    ) {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        for name in ["from/data", "bundles", "whole", "copied"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        write(&at("from/data"), &files);
        let content = digest(&files, None);
        bundle(&at("from"), b"data", &at("bundles"), content).unwrap();
        prop_assert_eq!(listing(&at("bundles")), sent(&files));
        unbundle(&at("bundles"), &at("whole"), b"/to", content).unwrap();
        let plain = Copy {
            path: b"/data".to_vec(),
            to: b"/to".to_vec(),
            plain: true,
            content: Some(content),
            ..Copy::default()
        };
        copy(&at("from"), &at("copied"), &plain).unwrap();
        let tar = |name: &str| {
            let mut tar = Vec::new();
            crate::pack(&at(name), &mut tar, &crate::Options::new()).unwrap();
            tar
        };
        prop_assert_eq!(tar("whole"), tar("copied"));
    }

    /// One file more changes the bundle that it is in and at most the one that it is cut from.
    #[test]
    fn a_change_stays_in_its_bundle(at in 0_usize..3000, size in 0_u64..20_000) {
        let paths = (0..3000).map(|number| (format!("d{}/{number:05}", number / 100), 9_000));
        let names = |paths: &std::collections::BTreeMap<String, u64>| {
            let mut cuts = Cuts::default();
            let mut starts = std::collections::BTreeSet::new();
            for (path, size) in paths {
                if cuts.is_before(path.as_bytes(), *size) {
                    starts.insert(path.clone());
                }
            }
            starts
        };
        let before: std::collections::BTreeMap<String, u64> = paths.collect();
        let mut after = before.clone();
        after.insert(format!("d{}/{at:05}a", at / 100), size);
        let (before, after) = (names(&before), names(&after));
        prop_assert!(before.symmetric_difference(&after).count() <= 4);
    }
}

#[test]
fn bundles_have_at_most_ten_megabytes_and_usually_four() {
    let mut cuts = Cuts::default();
    let mut bundles: Vec<u64> = Vec::new();
    for number in 0..20_000 {
        let (path, size) = (format!("data/{number:05}"), 10_000);
        if cuts.is_before(path.as_bytes(), size) {
            bundles.push(0);
        }
        *bundles.last_mut().unwrap() += Bundled::file(path.as_bytes(), false, size)
            .unwrap()
            .bytes()
            .unwrap();
    }
    assert!(
        bundles.iter().all(|bytes| *bytes <= MAX_BYTES),
        "{bundles:?}"
    );
    assert!((25..100).contains(&bundles.len()), "{}", bundles.len());
}

#[test]
fn links_travel_and_other_files_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    for name in ["from", "bundles", "again", "whole"] {
        fs::create_dir(at(name)).unwrap();
    }
    let files = Files::from([("a".to_owned(), (false, b"own".to_vec()))]);
    write(&at("from"), &files);
    symlink("a", at("from/link")).unwrap();
    let content = digest(&files, Some(("link", "a")));
    bundle(&at("from"), b"/", &at("bundles"), content).unwrap();
    unbundle(&at("bundles"), &at("whole"), b"/", content).unwrap();
    assert_eq!(fs::read(at("whole/a")).unwrap(), b"own");
    assert_eq!(fs::read_link(at("whole/link")).unwrap(), Path::new("a"));

    let other = digest(&files, None);
    let refused = |result| assert!(matches!(result, Err(crate::PlaceError::Content { .. })));
    refused(bundle(&at("from"), b"/", &at("again"), other));
    refused(unbundle(&at("bundles"), &at("whole"), b"/", other));
    // One more file among the bundles, or no bundle at all.
    refused(unbundle(&at("again"), &at("whole"), b"/other", other));
    fs::create_dir(at("none")).unwrap();
    refused(unbundle(&at("none"), &at("whole"), b"/", content));
}

#[test]
fn what_no_set_has_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    fs::create_dir(at("from")).unwrap();
    fs::create_dir(at("bundles")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("from/socket")).unwrap();
    let content = digest(&Files::new(), None);
    let error = bundle(&at("from"), b"/", &at("bundles"), content).unwrap_err();
    assert!(matches!(error, crate::PlaceError::Source { .. }), "{error}");
    let error = bundle(&at("from"), b"/socket", &at("bundles"), content).unwrap_err();
    assert!(matches!(error, crate::PlaceError::Source { .. }), "{error}");
}
