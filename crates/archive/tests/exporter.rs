//! The stream of BuildKit's own exporter and the tree on disk that it shows give the same tar.
//!
//! `data/exporter.tar.gz` is what fsutil's `WriteTar`, at the version of BuildKit v0.32.2, wrote for a tree with every
//! kind of entry: hard links to files, pipes, sockets and devices, a sparse file, long and non-UTF-8 names, large
//! numbers, times before 1970, halves of seconds, file capabilities, ACLs, and attributes of users, of links and of
//! the kernel.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

mod disk;

use std::fs::File;

use archive::{Options, canonicalize, list};
use flate2::read::GzDecoder;

/// The digest of that tree's canonical tar. It changes only with the canonical form itself, and then the ids of all
/// artifacts must change, too.
const CANONICAL: &str = "sha256:b845beb4119e9e7f011454ad2db7ae956092c07037e33d95f4a8fa95b1131946";

fn exported() -> GzDecoder<File> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/exporter.tar.gz");
    GzDecoder::new(File::open(path).unwrap())
}

#[test]
fn the_exporters_stream_has_its_canonical_form() {
    let mut tar = Vec::new();
    let summary = canonicalize(exported(), &mut tar, &Options::new()).unwrap();
    assert_eq!(summary.sha256.to_string(), CANONICAL);
    let before = list(exported()).unwrap();
    let after = list(tar.as_slice()).unwrap();
    assert_eq!((before.len(), after.len()), (42, 42));
}

#[test]
fn the_tree_on_disk_has_the_same_canonical_form() {
    if !disk::is_root("the_tree_on_disk_has_the_same_canonical_form") {
        return;
    }
    let mut exporters = Vec::new();
    std::io::copy(&mut exported(), &mut exporters).unwrap();
    let tree = disk::unpack(&exporters);
    let (_, summary) = disk::packed(tree.path());
    assert_eq!(summary.sha256.to_string(), CANONICAL);
}
