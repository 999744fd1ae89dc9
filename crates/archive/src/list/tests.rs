//! Tables of tars and their listings.

use super::*;
use crate::DeviceClass;
use crate::handmade::Handmade;

#[test]
fn any_order_and_leading_dots() {
    let tar = Handmade::new()
        .dir("./")
        .file("./b", "content")
        .dir("./a-b/")
        .dir(".//a/")
        .file("././a/x", "")
        .hard_link("./c", "./b")
        .symlink("d", "./b")
        .end();
    let entries = list(tar.as_slice()).unwrap();
    let paths: Vec<_> = entries.iter().map(|entry| entry.path.to_string()).collect();
    assert_eq!(paths, ["a", "a/x", "a-b", "b", "c", "d"]);
    let target = EntryPath::try_new("b").unwrap();
    assert_eq!(entries[4].kind, Kind::HardLink { target });
    let target = b"./b".to_vec();
    assert_eq!(entries[5].kind, Kind::Symlink { target });
}

#[test]
fn everything_about_a_file() {
    let tar = Handmade::new()
        .pax(&[
            ("SCHILY.xattr.trusted.t", "v"),
            ("gid", "7"),
            ("mtime", "4.5"),
        ])
        .file("f", "content")
        .end();
    let expected = Entry {
        path: EntryPath::try_new("f").unwrap(),
        kind: Kind::File { size: 7 },
        mode: 0o644,
        uid: 0,
        gid: 7,
        mtime: 4,
        xattrs: [(b"trusted.t".to_vec(), b"v".to_vec())].into(),
        content: Some(Digest::of(b"content")),
    };
    assert_eq!(list(tar.as_slice()).unwrap(), [expected]);
}

#[test]
fn names_and_types_of_old_and_gnu_tars() {
    let long = "d/".repeat(80) + "f";
    let tar = Handmade::new()
        .member(b'\0', "old-dir/", "", b"")
        .member(b'\0', "old-file", "", b"x")
        .member(b'L', "././@LongLink", "", format!("{long}\0").as_bytes())
        .member(b'K', "././@LongLink", "", format!("{long}\0").as_bytes())
        .symlink("short", "short")
        .member(b'g', "pax_global_header", "", b"13 comment=x\n")
        .member(b'3', "gone", "", b"")
        .device("tty", (5, 0))
        .end();
    let entries = list(tar.as_slice()).unwrap();
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.to_string(), entry.kind.clone()))
        .collect();
    let target = long.clone().into_bytes();
    let expected = [
        (long, Kind::Symlink { target }),
        ("gone".to_owned(), Kind::WHITEOUT),
        ("old-dir".to_owned(), Kind::Directory),
        ("old-file".to_owned(), Kind::File { size: 1 }),
        (
            "tty".to_owned(),
            Kind::Device {
                class: DeviceClass::Character,
                major: 5,
                minor: 0,
            },
        ),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn sparse_files_are_whole() {
    let payload = b"1\n4\n3\n";
    let mut stored = payload.to_vec();
    stored.resize(512, 0);
    stored.extend_from_slice(b"mid");
    let stored = String::from_utf8(stored).unwrap();
    let records = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "whole"),
        ("GNU.sparse.realsize", "9"),
    ];
    let tar = Handmade::new()
        .pax(&records)
        .file("GNUSparseFile.0/whole", &stored)
        .file("z", "after")
        .end();
    let entries = list(tar.as_slice()).unwrap();
    assert_eq!(entries[0].path.as_bytes(), b"whole");
    assert_eq!(entries[0].kind, Kind::File { size: 9 });
    assert_eq!(entries[0].content, Some(Digest::of(b"\0\0\0\0mid\0\0")));
    assert_eq!(entries[1].content, Some(Digest::of(b"after")));
}

#[test]
fn a_path_is_listed_once_or_not_at_all() {
    let tar = Handmade::new()
        .file("a", "1")
        .file("b", "")
        .file("./a", "2")
        .end();
    assert_eq!(
        list(tar.as_slice()).unwrap_err().to_string(),
        "`a` is there twice"
    );
    let tar = Handmade::new().file("/a", "").end();
    assert_eq!(
        list(tar.as_slice()).unwrap_err().to_string(),
        "path `/a` is absolute"
    );
    let tar = Handmade::new().file("./../a", "").end();
    assert_eq!(
        list(tar.as_slice()).unwrap_err().to_string(),
        "path `../a` leads out of the tree"
    );
}
