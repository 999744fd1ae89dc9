//! Tables of streams that are rewritten, and of streams that are refused.

use super::*;
use crate::handmade::Handmade;
use crate::list;

fn rewrite(tar: &[u8]) -> Result<Vec<u8>, String> {
    let mut output = Vec::new();
    let summary =
        canonicalize(tar, &mut output, &Options::new()).map_err(|error| error.to_string())?;
    assert_eq!(summary.bytes, output.len() as u64);
    assert_eq!(summary.sha256, crate::Digest::of(&output));
    Ok(output)
}

/// A tar with every kind of member, written as Go's archive/tar writes it.
fn sample() -> Handmade {
    Handmade::new()
        .dir("a/")
        .file("a/x", "content")
        .member(b'6', "a/y", "", b"")
        .hard_link("a/z", "a/x")
        .dir("a-b/")
        .pax(&[
            ("SCHILY.xattr.security.selinux", "label"),
            ("SCHILY.xattr.user.k", "v"),
        ])
        .symlink("a-b/l", "../nowhere")
        .member(b'3', "b", "", b"")
        .hard_link("c", "b")
        .pax(&[
            ("mtime", "-1.5"),
            ("path", &"n".repeat(150)),
            ("uid", "3000000"),
        ])
        .file("short", &"0123456789".repeat(100))
}

#[test]
fn the_bytes_of_a_tar_never_change() {
    let output = rewrite(&sample().end()).unwrap();
    let digest = crate::Digest::of(&output).to_string();
    assert_eq!(
        (output.len(), digest.as_str()),
        (
            9216,
            "sha256:a3d7b05ebbc440a4c7d1357a7736bcd6a02f025aabd1f6f2631dc7f784dcc165"
        )
    );
    assert_eq!(rewrite(&output), Ok(output));
}

#[test]
fn attributes_of_the_machine_are_left_out() {
    let output = rewrite(&sample().end()).unwrap();
    let entries = list(output.as_slice()).unwrap();
    let line = |entry: &Entry| {
        format!(
            "{} {:?}",
            entry.path,
            entry
                .xattrs
                .keys()
                .map(|k| k.escape_ascii().to_string())
                .collect::<Vec<_>>()
        )
    };
    let lines: Vec<_> = entries.iter().map(line).collect();
    let long = format!("{} []", "n".repeat(150));
    assert_eq!(
        lines,
        [
            "a []",
            "a/x []",
            "a/y []",
            "a/z []",
            "a-b []",
            "a-b/l [\"user.k\"]",
            "b []",
            "c []",
            &long
        ]
    );
    assert_eq!(entries[8].mtime, -2);
    assert_eq!(entries[8].uid, 3_000_000);
}

#[test]
fn times_after_the_epoch_become_the_epoch() {
    let tar = Handmade::new()
        .pax(&[("mtime", "999")])
        .file("a", "")
        .pax(&[("mtime", "1000.7")])
        .file("b", "")
        .file("c", "")
        .end();
    let mut output = Vec::new();
    canonicalize(
        tar.as_slice(),
        &mut output,
        &Options::new().with_epoch(1000),
    )
    .unwrap();
    let times: Vec<_> = list(output.as_slice())
        .unwrap()
        .iter()
        .map(|entry| entry.mtime)
        .collect();
    assert_eq!(times, [999, 1000, 1000]);
}

#[test]
fn an_empty_tree_is_an_empty_tar() {
    assert_eq!(rewrite(&[0; 1024]), Ok(vec![0; 1024]));
    assert_eq!(rewrite(&[0; 10240]), Ok(vec![0; 1024]));
}

#[test]
fn a_cut_anywhere_is_refused() {
    let tar = sample().end();
    // At every block, and around each, and in the middle.
    for end in (0..tar.len()).filter(|end| matches!(end % 512, 0 | 1 | 256 | 511)) {
        assert!(
            rewrite(&tar[..end]).is_err(),
            "cut after {end} of {} bytes",
            tar.len()
        );
    }
}

#[test]
fn hostile_streams_are_refused() {
    let check =
        |tar: Handmade, expected: &str| assert_eq!(rewrite(&tar.end()), Err(expected.to_owned()));
    let tar = Handmade::new;
    check(
        tar().file("/etc/passwd", ""),
        "path `/etc/passwd` is absolute",
    );
    check(tar().file("../x", ""), "path `../x` leads out of the tree");
    check(
        tar().dir("a/").file("a/../x", ""),
        "path `a/../x` leads out of the tree",
    );
    check(
        tar().file("./x", ""),
        "path `./x` is not in its shortest form",
    );
    check(tar().dir("./"), "`.` names no entry inside the tree");
    check(tar().dir("/"), "path `/` is absolute");
    check(tar().file("", ""), "`` names no entry inside the tree");
    check(
        tar().file("x/", ""),
        "path `x/` is not in its shortest form",
    );
    check(
        tar().pax(&[("path", "/x")]).file("x", ""),
        "path `/x` is absolute",
    );
    check(
        tar().pax(&[("path", "x\0y")]).file("x", ""),
        "path `x\\u{0}y` contains a NUL byte",
    );
    check(
        tar().hard_link("x", "/etc/passwd"),
        "path `/etc/passwd` is absolute",
    );
    check(
        tar().hard_link("x", "../passwd"),
        "path `../passwd` leads out of the tree",
    );
    check(
        tar().symlink("x", ""),
        "`x` is a symbolic link to ``, which no link can have as its target",
    );
    check(
        tar().pax(&[("linkpath", "a\0b")]).symlink("x", "y"),
        "`x` is a symbolic link to `a\\u{0}b`, which no link can have as its target",
    );
    check(
        tar().member(b'V', "x", "", b""),
        "`x` has the unknown type V",
    );
    check(tar().file("a", "").file("a", ""), "`a` is there twice");
    check(
        tar().symlink("a", "/etc").file("a/b", ""),
        "`a/b` stands in no directory of the tar",
    );
    check(
        tar().pax(&[("SCHILY.xattr.user.a\0b", "v")]).file("x", ""),
        "the tar header at byte 0 has a malformed extended header",
    );
    check(
        tar().pax(&[("path", "x")]),
        "there is no tar header at byte 1024",
    );
}

#[test]
fn what_is_no_tar_is_refused() {
    let check = |bytes: &[u8], expected: &str| assert_eq!(rewrite(bytes), Err(expected.to_owned()));
    check(
        b"",
        "the tar is cut off after 0 bytes: its end marker is missing",
    );
    check(b"hello", "the tar is cut off in a header, after 5 bytes");
    check(&[b'x'; 1024], "there is no tar header at byte 0");
    let whole = Handmade::new().file("a", "a").end();
    let after = "something follows the end of the tar, in the 512 bytes from byte 2048";
    check(&[&whole[..], b"x"].concat(), after);
    check(&whole.repeat(2), after);
    let size = |digits: &[u8]| {
        let mut header = tar::Header::from_byte_slice(&whole[..512]).clone();
        header.as_mut_bytes()[124..136].copy_from_slice(digits);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    check(
        &size(b"00000000009\0"),
        "the tar header at byte 0 has a malformed size",
    );
    check(
        &size(b"77777777777\0"),
        "the tar is cut off in `a`, after 512 bytes",
    );
    check(
        &size(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        "the tar header at byte 0 has a malformed size",
    );
}

#[test]
fn sizes_that_overflow_are_refused() {
    const MAX: u64 = i64::MAX.cast_unsigned();
    let check = |size: u64, expected: &str| {
        let tar = Handmade::new()
            .pax(&[("size", &size.to_string())])
            .file("a", "");
        assert_eq!(rewrite(&tar.end()), Err(expected.to_owned()));
    };
    check(MAX, "the tar is cut off in `a`, after 2560 bytes");
    check(
        MAX + 1,
        "the tar header at byte 0 has a malformed extended header",
    );
    check(
        u64::MAX,
        "the tar header at byte 0 has a malformed extended header",
    );
}

#[test]
fn an_extended_header_has_a_limit() {
    let value = "v".repeat(1 << 20);
    let tar = Handmade::new()
        .pax(&[("comment", &value)])
        .file("a", "")
        .end();
    let size = value.len() + "1048593 comment=\n".len();
    let expected = format!(
        "the extended tar header at byte 0 claims {size} bytes, more than tar readers accept"
    );
    assert_eq!(rewrite(&tar), Err(expected));
}

/// Fails every write, or every read, with the same error.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }
}

#[test]
fn failures_of_the_reader_and_of_the_writer_are_told_apart() {
    let big = Handmade::new().file("a", &"x".repeat(1 << 20)).end();
    for tar in [Handmade::new().end(), big] {
        let error = canonicalize(tar.as_slice(), Broken, &Options::new()).unwrap_err();
        assert!(
            matches!(error, CanonicalizeError::Write(source) if source.kind() == io::ErrorKind::StorageFull)
        );
    }
    let error = canonicalize(Broken, io::sink(), &Options::new()).unwrap_err();
    assert!(matches!(
        error,
        CanonicalizeError::Tar(TarError::Read(source)) if source.kind() == io::ErrorKind::ConnectionReset
    ));
}
