//! Trees that cannot be packed, and the treatment of times and links.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, Timespec, Timestamps, utimensat};
use tempfile::TempDir;

use super::*;
use crate::list;

fn tree() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn packed(root: &Path, options: &Options) -> Vec<Entry> {
    let mut tar = Vec::new();
    pack(root, &mut tar, options).unwrap();
    list(tar.as_slice()).unwrap()
}

#[test]
fn times_are_cut_and_clamped() {
    let check = |(seconds, nanoseconds): (i64, i64), epoch: Option<i64>, expected: i64| {
        let tree = tree();
        fs::write(tree.path().join("f"), "").unwrap();
        set_time(&tree.path().join("f"), seconds, nanoseconds);
        let options = epoch.map_or(Options::new(), |epoch| Options::new().with_epoch(epoch));
        assert_eq!(packed(tree.path(), &options)[0].mtime, expected);
    };
    check((5, 0), None, 5);
    check((5, 499_999_999), None, 5);
    check((5, 999_999_999), None, 5);
    check((-2, 999_999_999), None, -2);
    check((5, 999_999_999), Some(4), 4);
    check((5, 0), Some(6), 5);
}

#[test]
fn the_first_name_in_order_is_the_file() {
    let tree = tree();
    fs::create_dir(tree.path().join("d")).unwrap();
    fs::write(tree.path().join("z"), "x").unwrap();
    fs::hard_link(tree.path().join("z"), tree.path().join("d/a")).unwrap();
    fs::hard_link(tree.path().join("z"), tree.path().join("e")).unwrap();
    let entries = packed(tree.path(), &Options::new());
    let target = EntryPath::try_new("d/a").unwrap();
    let kinds: Vec<_> = entries.iter().map(|entry| &entry.kind).collect();
    let link = &Kind::HardLink { target };
    assert_eq!(
        kinds,
        [&Kind::Directory, &Kind::File { size: 1 }, link, link]
    );
}

#[test]
fn links_are_packed_and_not_followed() {
    let outside = tree();
    fs::write(outside.path().join("secret"), "").unwrap();
    let tree = tree();
    symlink(outside.path(), tree.path().join("link")).unwrap();
    symlink("/nowhere", tree.path().join("broken")).unwrap();
    let paths: Vec<_> = packed(tree.path(), &Options::new())
        .into_iter()
        .map(|entry| entry.path.to_string())
        .collect();
    assert_eq!(paths, ["broken", "link"]);
}

#[test]
fn a_root_that_is_no_directory_is_refused() {
    let tree = tree();
    let file = tree.path().join("file");
    fs::write(&file, "").unwrap();
    for root in [file.clone(), tree.path().join("missing")] {
        let error = pack(&root, io::sink(), &Options::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot open the directory `{}`", root.display())
        );
    }
}

/// A writer that runs `act` once, when the first bytes arrive: by then, the file that is being packed is open.
struct Meddler<F>(Option<F>);

impl<F: FnOnce()> Write for Meddler<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(act) = self.0.take() {
            act();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_changes_while_it_is_packed_is_refused() {
    let check = |change: &dyn Fn(&File)| {
        let tree = tree();
        let path = tree.path().join("big");
        // More than one piece, so that the first is written before the last is read.
        fs::write(&path, vec![b'x'; 4 * BUFFER]).unwrap();
        set_time(&path, 1_000_000_000, 0);
        let meddler = Meddler(Some(|| {
            change(&File::options().write(true).open(&path).unwrap());
        }));
        pack(tree.path(), meddler, &Options::new())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let changed = Err("`big` changed while it was packed".to_owned());
    assert_eq!(check(&|_| {}), Ok(()));
    assert_eq!(check(&|file| file.set_len(10).unwrap()), changed);
    assert_eq!(
        check(&|file| file.set_len(5 * BUFFER as u64).unwrap()),
        changed
    );
    assert_eq!(check(&|mut file| file.write_all(b"y").unwrap()), changed);
}

#[test]
fn a_full_disk_is_an_error_of_the_output() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = pack(tree().path(), Full, &Options::new()).unwrap_err();
    assert!(
        matches!(error, PackError::Write(source) if source.kind() == io::ErrorKind::StorageFull)
    );
}
