//! Tables for headers: values that fit ustar, and values that need PAX records.

use super::*;
use crate::digest::Digest;
use crate::entry::Xattrs;

fn entry(path: &[u8], kind: Kind) -> Entry {
    Entry {
        path: EntryPath::try_new(path).unwrap(),
        kind,
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        xattrs: Xattrs::new(),
        content: None,
    }
}

fn file(path: &[u8]) -> Entry {
    entry(path, Kind::File { size: 0 })
}

/// The records of an entry's PAX header; empty when it has none.
fn records_of(entry: &Entry) -> Vec<(String, String)> {
    let bytes = encode(entry).unwrap();
    if bytes.len() == BLOCK {
        return Vec::new();
    }
    let header = tar::Header::from_byte_slice(&bytes[..BLOCK]);
    assert_eq!(header.as_bytes()[TYPEFLAG], b'x');
    let size = usize::try_from(header.size().unwrap()).unwrap();
    assert_eq!(bytes.len(), BLOCK + size.next_multiple_of(BLOCK) + BLOCK);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let records = crate::pax::records(&bytes[BLOCK..BLOCK + size]).unwrap();
    records
        .iter()
        .map(|(key, value)| (text(key), text(value)))
        .collect()
}

fn check_records(entry: &Entry, expected: &[(&str, &str)]) {
    let own = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
    let expected: Vec<_> = expected.iter().map(own).collect();
    assert_eq!(records_of(entry), expected, "{entry:?}");
}

#[test]
fn every_field_of_a_header() {
    let mut entry = entry(b"usr/bin/tool", Kind::File { size: 1234 });
    entry.mode = 0o4755;
    entry.uid = 0o1234;
    entry.gid = 0o567;
    entry.mtime = 1_700_000_000;
    let bytes = encode(&entry).unwrap();
    let mut expected = b"usr/bin/tool".to_vec();
    expected.resize(100, 0);
    expected.extend_from_slice(b"0004755\x000001234\x000000567\x0000000002322\x0014524770400\x00");
    expected.extend_from_slice(b"011572\0 0");
    expected.resize(257, 0);
    expected.extend_from_slice(b"ustar\x0000");
    expected.resize(329, 0);
    expected.extend_from_slice(b"0000000\x000000000\x00");
    expected.resize(BLOCK, 0);
    assert_eq!(
        bytes.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    // A second opinion on the checksum.
    let mut header = tar::Header::from_byte_slice(&bytes).clone();
    let stored = header.cksum().unwrap();
    header.set_cksum();
    assert_eq!(header.cksum().unwrap(), stored);
}

#[test]
fn type_flags_names_and_links() {
    let target = EntryPath::try_new(b"first".to_vec()).unwrap();
    let check = |kind: Kind, typeflag: u8, name: &[u8], link: &[u8]| {
        let bytes = encode(&entry(b"dir/name", kind)).unwrap();
        let header = tar::Header::from_byte_slice(&bytes);
        assert_eq!(header.as_bytes()[TYPEFLAG], typeflag);
        assert_eq!(&*header.path_bytes(), name);
        assert_eq!(
            header.link_name_bytes().as_deref().unwrap_or_default(),
            link
        );
    };
    check(Kind::File { size: 7 }, b'0', b"dir/name", b"");
    check(Kind::HardLink { target }, b'1', b"dir/name", b"first");
    let target = b"../x\xff".to_vec();
    check(Kind::Symlink { target }, b'2', b"dir/name", b"../x\xff");
    check(Kind::Directory, b'5', b"dir/name/", b"");
    check(Kind::Fifo, b'6', b"dir/name", b"");
    check(device(DeviceClass::Character, 1, 3), b'3', b"dir/name", b"");
    check(device(DeviceClass::Block, 7, 0), b'4', b"dir/name", b"");
}

fn device(class: DeviceClass, major: u32, minor: u32) -> Kind {
    Kind::Device {
        class,
        major,
        minor,
    }
}

#[test]
fn devices_have_their_numbers() {
    let kind = device(DeviceClass::Block, 259, 0o7_777_777);
    let bytes = encode(&entry(b"disk", kind)).unwrap();
    let header = tar::Header::from_byte_slice(&bytes);
    assert_eq!(header.device_major().unwrap(), Some(259));
    assert_eq!(header.device_minor().unwrap(), Some(0o7_777_777));

    let kind = device(DeviceClass::Block, 1, 0o10_000_000);
    let error = encode(&entry(b"disk", kind)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`disk` is a device with the number 2097152, which no tar can hold"
    );
}

#[test]
fn paths_are_split_before_they_need_records() {
    let check = |path: String, expected: Option<(usize, usize)>| {
        let expected = expected.map(|(prefix, name)| {
            let (start, end) = path.as_bytes().split_at(prefix);
            assert_eq!(end.len(), name + usize::from(prefix > 0));
            (start, &end[usize::from(prefix > 0)..])
        });
        assert_eq!(split(path.as_bytes()), expected, "{path}");
    };
    let n = |length: usize| "n".repeat(length);
    check(n(100), Some((0, 100)));
    check(n(101), None);
    check(format!("{}/{}", n(50), n(49)), Some((0, 100)));
    check(format!("{}/{}", n(1), n(100)), Some((1, 100)));
    check(format!("{}/{}", n(155), n(100)), Some((155, 100)));
    check(format!("{}/{}", n(156), n(100)), None);
    check(format!("{}/{}", n(155), n(101)), None);
    check(format!("{}/{}/{}", n(50), n(50), n(50)), Some((101, 50)));
    // A path is not split at the slash that closes a directory's name.
    check(format!("{}/", n(100)), None);
    check(format!("{}/{}/", n(20), n(99)), Some((20, 100)));
}

#[test]
fn records_hold_what_ustar_cannot() {
    let with = |change: &dyn Fn(&mut Entry)| {
        let mut entry = file(b"f");
        change(&mut entry);
        entry
    };
    check_records(&file(b"f"), &[]);
    check_records(&with(&|entry| entry.uid = 0o7_777_777), &[]);
    check_records(
        &with(&|entry| entry.uid = 0o10_000_000),
        &[("uid", "2097152")],
    );
    check_records(
        &with(&|entry| entry.gid = u32::MAX),
        &[("gid", "4294967295")],
    );
    check_records(&with(&|entry| entry.mtime = 0o77_777_777_777), &[]);
    check_records(
        &with(&|entry| entry.mtime = 0o100_000_000_000),
        &[("mtime", "8589934592")],
    );
    check_records(&with(&|entry| entry.mtime = -1), &[("mtime", "-1")]);
    let size = |size| with(&|entry| entry.kind = Kind::File { size });
    check_records(&size(0o77_777_777_777), &[]);
    check_records(&size(0o100_000_000_000), &[("size", "8589934592")]);
    let long = "n".repeat(101);
    check_records(&file(long.as_bytes()), &[("path", &long)]);
    check_records(&file(&[0xff; 100]), &[]);
    let link = |target: &str| {
        let target = target.as_bytes().to_vec();
        entry(b"f", Kind::Symlink { target })
    };
    check_records(&link(&"t".repeat(100)), &[]);
    check_records(&link(&"t".repeat(101)), &[("linkpath", &"t".repeat(101))]);
}

#[test]
fn records_come_sorted_by_key() {
    let mut entry = file(&[b'n'; 101]);
    entry.kind = Kind::Symlink {
        target: vec![b't'; 101],
    };
    (entry.uid, entry.gid, entry.mtime) = (1 << 30, 1 << 30, -5);
    for name in ["user.b", "security.capability", "user.a"] {
        entry.xattrs.insert(name.into(), b"v".to_vec());
    }
    let keys: Vec<_> = records_of(&entry).into_iter().map(|(key, _)| key).collect();
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(keys, sorted);
    assert_eq!(keys.len(), 8);
}

#[test]
fn what_no_tar_can_hold_is_refused() {
    let mut entry = file(b"f");
    entry.xattrs.insert(b"user.a=b".to_vec(), Vec::new());
    let error = encode(&entry).unwrap_err();
    let expected = "`f` has the extended attribute `user.a=b`, whose name no tar can hold";
    assert_eq!(error.to_string(), expected);
    entry.xattrs.clear();
    for index in 0..17 {
        entry
            .xattrs
            .insert(format!("user.{index}").into_bytes(), vec![0; 1 << 16]);
    }
    assert!(matches!(encode(&entry), Err(HeaderError::TooLarge { .. })));
}

#[test]
fn the_bytes_of_a_header_never_change() {
    let mut entry = file("größe/".repeat(30).trim_end_matches('/').as_bytes());
    (entry.uid, entry.gid, entry.mtime) = (u32::MAX, 1000, -1);
    entry.xattrs.insert(b"user.x".to_vec(), b"\0\n=".to_vec());
    let digest = Digest::of(&encode(&entry).unwrap());
    assert_eq!(
        digest.to_string(),
        "sha256:20ddc8954d023ed2307d7dd9808c0942a41e21c95d24d233b6c8c7a4f61785c0"
    );
}
