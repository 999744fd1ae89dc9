//! Tables for the checks, the order and the printed form of paths.

use super::*;

fn path(bytes: &[u8]) -> EntryPath {
    EntryPath::try_new(bytes).unwrap()
}

#[test]
fn the_order_is_that_of_a_sorted_walk() {
    let sorted: [&[u8]; 11] = [
        b"A", b"a", b"a/-", b"a/x", b"a/x/y", b"a\x01", b"a b", b"a-b", b"a.c", b"a0", b"\xff",
    ];
    let paths: Vec<_> = sorted.iter().map(|bytes| path(bytes)).collect();
    let mut shuffled: Vec<_> = paths.iter().rev().cloned().collect();
    shuffled.sort();
    assert_eq!(shuffled, paths);
}

#[test]
fn what_is_no_path_inside_a_tree_is_refused() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(EntryPath::try_new(bytes).unwrap_err().to_string(), expected);
    };
    check(b"", "`` names no entry inside the tree");
    check(b".", "`.` names no entry inside the tree");
    check(b"/etc/passwd", "path `/etc/passwd` is absolute");
    check(b"/", "path `/` is absolute");
    check(b"..", "path `..` leads out of the tree");
    check(b"a/../b", "path `a/../b` leads out of the tree");
    check(b"a/..", "path `a/..` leads out of the tree");
    check(b"./a", "path `./a` is not in its shortest form");
    check(b"a//b", "path `a//b` is not in its shortest form");
    check(b"a/", "path `a/` is not in its shortest form");
    check(b"a\0b", "path `a\\u{0}b` contains a NUL byte");
}

#[test]
fn names_that_only_look_like_dots_are_paths() {
    for bytes in [
        &b"..."[..],
        b"..a",
        b"a..",
        b".a/.b",
        b" ",
        b"\xc3\x28",
        b"-",
    ] {
        assert_eq!(path(bytes).as_bytes(), bytes);
    }
}

#[test]
fn parents() {
    for (child, parent) in [("a", ""), ("a/b", "a"), ("a/b/c", "a/b")] {
        assert_eq!(path(child.as_bytes()).parent(), parent.as_bytes());
    }
}

#[test]
fn a_path_is_within_itself_and_what_is_above_it() {
    let check = |child: &str, directory: &str, expected: bool| {
        let within = path(child.as_bytes()).is_within(directory.as_bytes());
        assert_eq!(within, expected, "{child} in {directory}");
    };
    check("a/b", "", true);
    check("a/b", "a", true);
    check("a/b", "a/b", true);
    check("a-b", "a", false);
    check("a", "a/b", false);
}

#[test]
fn printed_names_are_harmless_and_distinct() {
    let check = |bytes: &[u8], expected: &str| assert_eq!(printable(bytes), expected);
    check("größe 中".as_bytes(), "größe 中");
    check(b"\x1b[31m", "\\u{1b}[31m");
    check(b"a\\xff", "a\\\\xff");
    check(b"a\xff", "a\\xff");
}
