//! Laws that hold for every tree: packing is deterministic, unpacking loses nothing, the canonical form is a fixed
//! point, and no part of a tar passes for the whole.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

mod disk;
mod tree;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use archive::{Digest, Entry, EntryPath, Kind, Options, canonicalize, check_rootfs, list};
use proptest::prelude::*;
use proptest::sample::Index;

use tree::{Plan, plan};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn packing_is_deterministic_and_unpacking_loses_nothing(plan in plan()) {
        let root = plant(&plan);
        let (tar, summary) = disk::packed(root.path());
        prop_assert_eq!(disk::packed(root.path()).1, summary);
        let again = disk::unpack(&tar);
        let (second, _) = disk::packed(again.path());
        prop_assert_eq!(list(second.as_slice()).unwrap(), list(tar.as_slice()).unwrap());
        prop_assert_eq!(second, tar);
    }

    #[test]
    fn the_canonical_form_is_a_fixed_point(plan in plan()) {
        let root = plant(&plan);
        let (tar, summary) = disk::packed(root.path());
        let mut output = Vec::new();
        prop_assert_eq!(canonicalize(tar.as_slice(), &mut output, &Options::new()).unwrap(), summary);
        prop_assert_eq!(&output, &tar);
        if summary.entries > 0 {
            let checked = check_rootfs(tar.as_slice()).unwrap();
            prop_assert_eq!((checked.sha256, checked.bytes), (summary.sha256, summary.bytes));
            prop_assert_eq!(checked.entries, summary.entries);
        }
    }

    #[test]
    fn the_list_of_a_tar_is_the_tree_on_disk(plan in plan()) {
        let root = plant(&plan);
        let (tar, _) = disk::packed(root.path());
        let listed = list(tar.as_slice()).unwrap();
        prop_assert!(listed.is_sorted());
        let mut found = Vec::new();
        walk(root.path(), b"", &mut found);
        found.sort();
        let listed: Vec<_> = listed.iter().map(|entry| (entry.path.clone(), facts(entry, &listed))).collect();
        prop_assert_eq!(listed, found);
    }

    #[test]
    fn no_part_of_a_tar_passes_for_the_whole(plan in plan(), cuts in prop::collection::vec(any::<Index>(), 8)) {
        let root = plant(&plan);
        let (tar, _) = disk::packed(root.path());
        for cut in cuts {
            let anywhere = cut.index(tar.len());
            for end in [anywhere, anywhere - anywhere % 512] {
                prop_assert!(canonicalize(&tar[..end], std::io::sink(), &Options::new()).is_err());
                prop_assert!(check_rootfs(&tar[..end]).is_err());
                prop_assert!(list(&tar[..end]).is_err());
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        plan in plan(),
        bytes in prop::collection::vec(any::<u8>(), 0..2048),
        at in any::<Index>(),
    ) {
        // Noise alone rarely gets past the first checksum, so it is also put into the middle of a tar.
        let root = plant(&plan);
        let (mut tar, _) = disk::packed(root.path());
        let start = at.index(tar.len());
        let end = tar.len().min(start + bytes.len());
        tar[start..end].copy_from_slice(&bytes[..end - start]);
        for input in [&tar, &bytes] {
            let rewritten = canonicalize(input.as_slice(), std::io::sink(), &Options::new());
            let listed = list(input.as_slice());
            // A tar that can be rewritten is a tree, and can be listed.
            prop_assert!(rewritten.is_err() || listed.is_ok());
        }
    }
}

fn plant(plan: &Plan) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    plan.plant(root.path());
    root
}

/// The file system's own view of an entry: mode, owner, group, size and content of files.
type Facts = (u32, u32, u32, Option<(u64, Digest)>);

fn facts(entry: &Entry, all: &[Entry]) -> Facts {
    let file = match &entry.kind {
        Kind::HardLink { target } => all.iter().find(|file| file.path == *target).unwrap(),
        _ => entry,
    };
    let content = file.content.map(|digest| (file.size(), digest));
    (entry.mode, entry.uid, entry.gid, content)
}

fn walk(directory: &Path, prefix: &[u8], found: &mut Vec<(EntryPath, Facts)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = [prefix, entry.file_name().as_bytes()].concat();
        let metadata = std::fs::symlink_metadata(entry.path()).unwrap();
        let kind = metadata.mode() & 0o170_000;
        if kind == 0o140_000 {
            continue;
        }
        let content = match kind {
            0o100_000 => Some(std::fs::read(entry.path()).unwrap()),
            _ => None,
        };
        let file = content.map(|content| (content.len() as u64, Digest::of(&content)));
        let facts = (
            metadata.mode() & 0o7777,
            metadata.uid(),
            metadata.gid(),
            file,
        );
        found.push((EntryPath::try_new(path.clone()).unwrap(), facts));
        if metadata.is_dir() {
            walk(&entry.path(), &[&path[..], b"/"].concat(), found);
        }
    }
}
