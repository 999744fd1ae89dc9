//! Tables of sequences that are, and are not, the walk of a tree.

use super::*;

/// `name/` is a directory, `name->target` a symbolic link, `name=target` a hard link, `name!` a device.
fn entry(text: &str) -> Entry {
    let path = |text: &str| EntryPath::try_new(text).unwrap();
    let (name, kind) = if let Some((name, target)) = text.split_once("->") {
        let target = target.as_bytes().to_vec();
        (name, Kind::Symlink { target })
    } else if let Some((name, target)) = text.split_once('=') {
        (
            name,
            Kind::HardLink {
                target: path(target),
            },
        )
    } else if let Some(name) = text.strip_suffix('/') {
        (name, Kind::Directory)
    } else if let Some(name) = text.strip_suffix('!') {
        (name, Kind::WHITEOUT)
    } else {
        (text, Kind::File { size: 0 })
    };
    Entry {
        path: path(name),
        kind,
        mode: 0,
        uid: 0,
        gid: 0,
        mtime: 0,
        xattrs: crate::Xattrs::new(),
        content: None,
    }
}

/// The error's text.
fn admit(entries: &str) -> Result<(), String> {
    let mut sequence = Sequence::default();
    let mut entries = entries.split(' ').map(entry);
    let refused = entries.find_map(|entry| sequence.admit(&entry).err());
    refused.map_or(Ok(()), |error| Err(error.to_string()))
}

#[test]
fn walks_of_a_tree() {
    for entries in [
        "a",
        "a/ a/x a-b/ a-b/y a.c a0",
        "a/ a/b/ a/b/c/ a/b/c/d e",
        "a/ a/b/ a/b/c a/d f",
        "a b=a c=a d/ d/e=a",
        "a->/etc b",
        "a! b c/ c/d=a e=b",
    ] {
        assert_eq!(admit(entries), Ok(()), "{entries}");
    }
}

#[test]
fn what_no_walk_gives_is_refused() {
    let check =
        |entries: &str, expected: &str| assert_eq!(admit(entries), Err(expected.to_owned()));
    check("a a", "`a` is there twice");
    check("a/ a", "`a` is there twice");
    check("a! a", "`a` is there twice");
    check("b a", "`a` comes after `b`, out of order");
    check("a-b/ a/", "`a` comes after `a-b`, out of order");
    check("a/ a/x b a/y", "`a/y` comes after `b`, out of order");
    check("a/b", "`a/b` stands in no directory of the tar");
    check("a a/b", "`a/b` stands in no directory of the tar");
    check(
        "a->/etc a/passwd",
        "`a/passwd` stands in no directory of the tar",
    );
    check("a/ a/b a/c/d", "`a/c/d` stands in no directory of the tar");
    check("a/ a/b/ ab/c", "`ab/c` stands in no directory of the tar");
    check("a! a/b", "`a/b` stands in no directory of the tar");
    let no_target = |link: &str, target: &str| {
        format!("`{link}` is a hard link to `{target}`, which is no earlier file of the tar")
    };
    check("a=b b", &no_target("a", "b"));
    check("a=a", &no_target("a", "a"));
    check("a/ b=a", &no_target("b", "a"));
    check("a->x b=a", &no_target("b", "a"));
    check("a b=a c=b", &no_target("c", "b"));
    check("a->/etc b=a/passwd", &no_target("b", "a/passwd"));
}
