//! The entries that a walk announces. Expected listings were checked against fsutil.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::session::filesync::declared::{DeclaredFiles, LocalDir};
use crate::session::filesync::follow;

struct Context(tempfile::TempDir);

impl Context {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for file in [
            "a/1",
            "a/b/2.txt",
            "a/b/c/3.rs",
            "a-b/4",
            "d/e/6.txt",
            "g/8.rs",
            "9",
        ] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), file).unwrap();
        }
        for (target, link) in [
            ("../d/e", "a/link"),
            ("/a/b", "abs"),
            ("loop2", "loop1"),
            ("loop1", "loop2"),
            (".", "self"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        Self(dir)
    }

    fn list(&self, include: &[&str], exclude: &[&str], follow: &[&str]) -> Vec<String> {
        let texts = |list: &[&str]| {
            list.iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        let tree =
            Tree::open(&LocalDir::new("context", self.0.path(), DeclaredFiles::All)).unwrap();
        let include = follow::includes(&tree, texts(include), &texts(follow)).unwrap();
        let filter = Filter::try_new(&include, &texts(exclude)).unwrap();
        let mut listed = Vec::new();
        let walked = walk(&tree, &filter, |stat| {
            listed.push(String::from_utf8(stat.path).unwrap());
            Ok(())
        });
        assert!(walked.is_ok());
        listed
    }
}

#[test]
fn names_come_in_order_and_below_their_directories() {
    let everything = [
        "9",
        "a",
        "a/1",
        "a/b",
        "a/b/2.txt",
        "a/b/c",
        "a/b/c/3.rs",
        "a/link",
        "a-b",
        "a-b/4",
        "abs",
        "d",
        "d/e",
        "d/e/6.txt",
        "g",
        "g/8.rs",
        "loop1",
        "loop2",
        "self",
    ];
    assert_eq!(Context::new().list(&[], &[], &[]), everything);
}

#[test]
fn patterns_choose() {
    let context = Context::new();
    let check = |include: &[&str], exclude: &[&str], expected: &[&str]| {
        assert_eq!(
            context.list(include, exclude, &[]),
            expected,
            "{include:?} without {exclude:?}"
        );
    };
    check(&["9", "g"], &[], &["9", "g", "g/8.rs"]);
    check(
        &["**/*.rs"],
        &[],
        &["a", "a/b", "a/b/c", "a/b/c/3.rs", "g", "g/8.rs"],
    );
    check(&["a/*"], &["a/b"], &["a", "a/1", "a/link"]);
    check(
        &["a"],
        &["a/b", "!a/b/c"],
        &["a", "a/1", "a/b", "a/b/c", "a/b/c/3.rs", "a/link"],
    );
    check(&[], &["*", "!d/e"], &["d", "d/e", "d/e/6.txt"]);
    check(
        &[],
        &["*", "!**/*.txt"],
        &["a", "a/b", "a/b/2.txt", "d", "d/e", "d/e/6.txt"],
    );
    check(&["a", "!a/b"], &[], &["a", "a/1", "a/link"]);
    check(&["none"], &[], &[]);
}

#[test]
fn followed_links_bring_their_targets() {
    let context = Context::new();
    let check = |follow: &[&str], expected: &[&str]| {
        assert_eq!(context.list(&[], &[], follow), expected, "{follow:?}");
    };
    check(&["abs/2.txt"], &["a", "a/b", "a/b/2.txt", "abs"]);
    check(&["a/link"], &["a", "a/link", "d", "d/e", "d/e/6.txt"]);
    check(&["loop1"], &["loop1", "loop2"]);
    check(&["a/l*"], &["a", "a/link", "d", "d/e", "d/e/6.txt"]);
    check(&["../../9"], &[]);
    check(
        &["."],
        &context
            .list(&[], &[], &[])
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
}
