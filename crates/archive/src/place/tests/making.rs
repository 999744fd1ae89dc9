//! Tables: what is made, what is removed, and whose it is then.

use super::*;

/// The names that owners are looked up in.
fn with_names(root: &Path) {
    let etc = root.join("etc");
    fs::create_dir_all(&etc).unwrap();
    let users = "root:x:0:0::/root:/bin/sh\nodd\nwww:x:33:34::/:/bin/sh\n";
    fs::write(etc.join("passwd"), users).unwrap();
    fs::write(etc.join("group"), "root:x:0:\nstaff:x:50:www\n").unwrap();
}

fn attributes(mode: &str, owner: &str) -> Attributes {
    Attributes {
        mode: (!mode.is_empty()).then(|| mode.parse().unwrap()),
        owner: (!owner.is_empty()).then(|| owner.parse().unwrap()),
    }
}

/// Mode, owner and time of a file.
fn state(path: &Path) -> (u32, u32, u32, i64) {
    let found = fs::symlink_metadata(path).unwrap();
    (
        found.mode() & 0o7777,
        found.uid(),
        found.gid(),
        found.mtime(),
    )
}

#[test]
fn directories_are_made_and_changed() {
    let target = tree(&["there/kept", "etc/", "bin -> there"]);
    with_names(target.path());
    age(target.path());
    let check = |path: &str, mode: &str, owner: &str, expected: (u32, u32, u32, i64)| {
        let what = attributes(mode, owner);
        make_directories(target.path(), &[path.as_bytes()], &what).unwrap();
        assert_eq!(state(&target.path().join(path)), expected, "{path}");
    };
    check("new/deep", "1777", "www", (0o1777, 33, 34, 0));
    check("new", "", "", (0o755, 0, 0, 0));
    check("new", "g+w", "33", (0o775, 33, 33, 0));
    check("there", "", "", (0o755, 0, 0, 1000));
    check("there", "2750", "www:staff", (0o2750, 33, 50, 1000));
    check("there", "", "0:0", (0o2750, 0, 0, 1000));
    // By way of a link to a directory.
    make_directories(target.path(), &[b"/bin"], &attributes("0700", "")).unwrap();
    assert_eq!(state(&target.path().join("there")), (0o700, 0, 0, 1000));
    let kept = fs::read_to_string(target.path().join("there/kept"));
    assert_eq!(kept.unwrap(), "there/kept");
}

#[test]
fn missing_directories_are_made_and_others_stay() {
    let target = tree(&["there/kept", "etc/", "bin -> there"]);
    with_names(target.path());
    age(target.path());
    let make = |path: &str, mode: &str, owner: &str| {
        let what = attributes(mode, owner);
        make_missing_directories(target.path(), &[path.as_bytes()], &what)
    };
    let check = |path: &str, expected: (u32, u32, u32, i64)| {
        assert_eq!(state(&target.path().join(path)), expected, "{path}");
    };
    make("/new/deep/er", "0700", "www:staff").unwrap();
    for path in ["new", "new/deep", "new/deep/er"] {
        check(path, (0o700, 33, 50, 0));
    }
    // They are there now.
    make("new/deep/more/", "", "5").unwrap();
    check("new/deep", (0o700, 33, 50, 0));
    check("new/deep/more", (0o755, 5, 5, 0));
    make("there", "0700", "www").unwrap();
    assert_eq!(state(&target.path().join("there")).0, 0o755);
    // By way of a link to a directory.
    make("bin/below", "", "www").unwrap();
    check("there/below", (0o755, 33, 34, 0));
    assert!(make("there/kept/x", "", "").is_err());
}

#[test]
fn files_and_links_replace_files_and_links() {
    let target = tree(&[
        "old",
        "link -> old",
        "usr/bin/",
        "bin -> usr/bin",
        "hosts -> /x/y",
    ]);
    with_names(target.path());
    let content = target.path().join("content");
    fs::write(&content, "new").unwrap();
    let paths: [&[u8]; 4] = [b"/old", b"/bin/tool", b"/a/b/c", b"hosts"];
    let what = attributes("4755", "www:0");
    make_files(&content, target.path(), &paths, &what).unwrap();
    for path in ["old", "usr/bin/tool", "a/b/c", "hosts"] {
        let path = target.path().join(path);
        assert_eq!(state(&path), (0o4755, 33, 0, 0), "{}", path.display());
        assert_eq!(fs::read_to_string(path).unwrap(), "new");
    }
    assert_eq!(state(&target.path().join("a/b")), (0o755, 0, 0, 0));
    make_files(&content, target.path(), &[b"/old"], &attributes("", "")).unwrap();
    assert_eq!(state(&target.path().join("old")), (0o644, 0, 0, 0));
    let links: [&[u8]; 3] = [b"/old", b"/link", b"/n/l"];
    make_links(target.path(), b"../anywhere", &links).unwrap();
    for path in ["old", "link", "n/l"] {
        let path = target.path().join(path);
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("../anywhere"));
        assert_eq!(fs::symlink_metadata(&path).unwrap().mtime(), 0);
    }
}

#[test]
fn what_cannot_be_made_is_refused() {
    let target = tree(&["file", "dir/f", "loop -> loop"]);
    let content = target.path().join("file");
    let check = |made: Result<(), PlaceError>, expected: &str| {
        let mut error = &made.unwrap_err() as &dyn std::error::Error;
        let mut text = error.to_string();
        while let Some(source) = error.source() {
            text = format!("{text}: {source}");
            error = source;
        }
        assert!(text.contains(expected), "{text}");
    };
    let none = attributes("", "");
    let file = |path: &[u8], what: &Attributes| make_files(&content, target.path(), &[path], what);
    check(
        file(b"/dir", &none),
        "`/dir` is no directory here, and one in the tree",
    );
    check(
        file(b"/file/x", &none),
        "`/file` is a directory here, and no directory",
    );
    check(
        make_links(target.path(), b"x", &[b"/dir"]),
        "`/dir` is no directory here, and one in the tree",
    );
    check(
        make_directories(target.path(), &[b"/file"], &none),
        "`/file` is a directory here, and no directory in the tree",
    );
    check(
        file(b"/new", &attributes("", "www")),
        "there is no /etc/passwd in the tree, which would tell the number of `www`; write the number itself",
    );
    with_names(target.path());
    check(
        file(b"/new", &attributes("", "wwww")),
        "/etc/passwd of the tree has no `wwww`; it has `root`, `www`",
    );
    check(
        file(b"/new", &attributes("", "www:www")),
        "/etc/group of the tree has no `www`; it has `root`, `staff`",
    );
    let what = |path: &[u8]| remove(target.path(), &[path]);
    check(what(b"/none"), "`/none` is not there");
    check(what(b"/dir/none"), "`/dir/none` is not there");
    check(what(b"/loop/x"), "cannot write `/loop/x`");
    for root in [&b"/"[..], b"/..", b"/dir/..", b"/dir/../.."] {
        check(what(root), "it is the root of the tree");
    }
}

#[test]
fn what_is_removed() {
    let check = |there: &[&str], patterns: &[&str], expected: &[&str]| {
        let target = tree(there);
        let patterns: Vec<&[u8]> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
        remove(target.path(), &patterns).unwrap();
        assert_eq!(lines(target.path()), expected, "{there:?}");
    };
    check(
        &["a/b/c", "a/d", "e"],
        &["/a/b"],
        &["a/ 755 1000", "a/d", "e"],
    );
    check(&["a/b/c", "a/b/d", "e"], &["/a/b/c", "a", "/e"], &[]);
    check(
        &["log/x", "log/.y", "log/d/z"],
        &["/log/*"],
        &["log/ 755 1000"],
    );
    check(&["log/"], &["/log/*"], &["log/ 755 1000"]);
    // A link is removed itself, and followed on the way.
    check(&["d/f", "l -> d"], &["/l"], &["d/ 755 1000", "d/f"]);
    check(&["d/f", "l -> /d"], &["/l/f"], &["d/ 755 1000", "l -> /d"]);
    check(
        &["a/b/x", "a/c"],
        &["/a/b/../c"],
        &["a/ 755 1000", "a/b/ 755 1000", "a/b/x"],
    );
    check(&["d/f", "g/l -> ../d"], &["/g"], &["d/ 755 1000", "d/f"]);
}
