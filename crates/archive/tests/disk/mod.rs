//! Helpers of tests with trees on disk: the rights of the user, and GNU tar to check against.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

use std::fs;
use std::io::{Write, stderr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use archive::{Options, Summary, pack};
use tempfile::TempDir;

/// Whether the test may make devices and change owners. If not, prints a line once, and the test goes on without.
pub(crate) fn is_root(test: &str) -> bool {
    static ONCE: Once = Once::new();
    let directory = tempfile::tempdir().unwrap();
    let root = fs::metadata(directory.path()).unwrap().uid() == 0;
    if !root {
        // Past the test runner's capture: a skipped test must not look like a passed one.
        ONCE.call_once(|| {
            let line = format!("SKIPPED {test}: what only root can make\n");
            stderr().write_all(line.as_bytes()).unwrap();
        });
    }
    root
}

/// A new directory with `tar`, unpacked by GNU tar.
pub(crate) fn unpack(tar: &[u8]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), tar).unwrap();
    let output = Command::new("tar")
        .args([
            "--xattrs",
            "--xattrs-include=*",
            "--numeric-owner",
            "--warning=no-timestamp",
            "-xpf",
        ])
        .arg(file.path())
        .arg("-C")
        .arg(directory.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    directory
}

/// The canonical tar of the tree below `root`.
pub(crate) fn packed(root: &Path) -> (Vec<u8>, Summary) {
    let mut tar = Vec::new();
    let summary = pack(root, &mut tar, &Options::new()).unwrap();
    (tar, summary)
}
