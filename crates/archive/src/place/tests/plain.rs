//! Plain files of a tar: whose they are, what is left out, and what is refused.

use tar::Header;

use super::*;
use crate::{Options, pack};

fn with_mode(tar: Handmade, typeflag: u8, name: &str, mode: u32, content: &[u8]) -> Handmade {
    let mut header = Header::new_ustar();
    header.set_mode(mode);
    header.set_uid(33);
    header.set_gid(34);
    header.set_mtime(1_000_000_000);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    tar.with_header(header, typeflag, content)
}

fn unpacked(tar: Handmade) -> Result<(tempfile::TempDir, LeftOut), String> {
    let target = tempfile::tempdir().unwrap();
    match unpack_plain(tar.end().as_slice(), target.path()) {
        Ok(left_out) => Ok((target, left_out)),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn files_belong_to_the_caller_and_lose_its_privileges() {
    let tar = with_mode(Handmade::new(), b'5', "bin/", 0o2555, b"");
    let tar = with_mode(tar, b'0', "bin/su", 0o4755, b"program");
    let tar = with_mode(tar, b'0', "bin/secret", 0o000, b"text");
    let tar = tar
        .symlink("bin/link", "../../etc/passwd")
        .hard_link("bin/twin", "bin/su");
    let (target, left_out) = unpacked(tar).unwrap();
    let expected = LeftOut {
        privileges: 2,
        attributes: 0,
    };
    assert_eq!(left_out, expected);
    let own = fs::metadata("/proc/self").unwrap();
    let check = |name: &str, mode: u32| {
        let found = fs::symlink_metadata(target.path().join(name)).unwrap();
        assert_eq!((found.uid(), found.gid()), (own.uid(), own.gid()), "{name}");
        assert_eq!(
            (found.mode() & 0o7777, found.mtime()),
            (mode, 1_000_000_000),
            "{name}"
        );
    };
    check("bin", 0o755);
    check("bin/su", 0o755);
    check("bin/twin", 0o755);
    check("bin/secret", 0o600);
    let link = fs::read_link(target.path().join("bin/link")).unwrap();
    assert_eq!(link, Path::new("../../etc/passwd"));
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let check = |tar: Handmade, expected: &str| {
        assert_eq!(unpacked(tar).map(drop), Err(expected.to_owned()));
    };
    check(
        Handmade::new().device("null", (1, 3)),
        "`/null` is a device, and plain files are directories, files and links",
    );
    check(
        Handmade::new().member(b'6', "pipe", "", b""),
        "`/pipe` is a pipe, and plain files are directories, files and links",
    );
}

#[test]
fn no_path_leads_out_of_the_directory() {
    let outside = tempfile::tempdir().unwrap();
    let out = outside.path().to_str().unwrap();
    // A link to a place outside is resolved within the directory.
    let tar = Handmade::new()
        .symlink("out", out)
        .file("out/file", "content");
    let target = tempfile::tempdir().unwrap();
    let _ = unpack_plain(tar.end().as_slice(), target.path());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    for path in ["../file", "/etc/file", "a/../../file"] {
        assert!(
            unpacked(Handmade::new().file(path, "content")).is_err(),
            "{path}"
        );
    }
}

/// The digest of a directory is that of its files, whoever has them.
#[test]
fn packed_again_with_the_owners_of_the_tar_it_is_the_tar() {
    let mut canonical = Vec::new();
    let tree = tree(&["bin/tool", "lib/x", "link -> bin/tool", "empty/"]);
    let options = Options::new().with_owner(0, 0);
    let first = pack(tree.path(), &mut canonical, &options).unwrap();
    let target = tempfile::tempdir().unwrap();
    unpack_plain(canonical.as_slice(), target.path()).unwrap();
    let again = pack(target.path(), std::io::sink(), &options).unwrap();
    assert_eq!(again.sha256, first.sha256);
}
