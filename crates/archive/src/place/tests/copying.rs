//! Tables: the files of a source that are copied, and the sources that are refused.

use file_set::{FileSetDigest, Kind};

use super::*;

/// The tree after a copy from `/` to `/`.
fn all() -> Copy {
    Copy {
        path: b"/".to_vec(),
        to: b"/".to_vec(),
        ..Copy::default()
    }
}

#[test]
fn other_files_than_the_expected_are_refused() {
    let digest = |files: &[(&str, Kind, &str)]| {
        let mut digest = FileSetDigest::new();
        for (path, kind, content) in files {
            digest.add(
                path.as_bytes(),
                *kind,
                Digest::of(content.as_bytes()).as_bytes(),
            );
        }
        Some(Digest::from(digest.finish()))
    };
    let check = |path: &str, content, change: &dyn Fn(&Path), is_right: bool| {
        let source = tree(&["d/a", "d/b/c", "d/l -> a", "d/empty/"]);
        change(&source.path().join("d"));
        let target = tempfile::tempdir().unwrap();
        let what = Copy {
            path: path.into(),
            plain: true,
            content,
            ..all()
        };
        match copy(source.path(), target.path(), &what) {
            Ok(()) => assert!(is_right, "{path}"),
            Err(PlaceError::Content { .. }) => assert!(!is_right, "{path}"),
            Err(error) => panic!("{path}: {error}"),
        }
    };
    let plain = Kind::File { executable: false };
    let expected = [
        ("a", plain, "d/a"),
        ("b/c", plain, "d/b/c"),
        ("l", Kind::Symlink, "a"),
    ];
    let d = digest(&expected);
    check("/d", d, &|_| {}, true);
    check("/d/a", digest(&[("", plain, "d/a")]), &|_| {}, true);
    check("/d/b", d, &|_| {}, false);
    let several = Copy {
        path: b"/d/*".to_vec(),
        content: d,
        ..all()
    };
    let (source, target) = (tree(&["d/a", "d/b"]), tempfile::tempdir().unwrap());
    let refused = copy(source.path(), target.path(), &several).unwrap_err();
    assert!(matches!(refused, PlaceError::Several { .. }), "{refused}");
    check(
        "/d",
        d,
        &|d| fs::write(d.join("a"), "other").unwrap(),
        false,
    );
    check("/d", d, &|d| fs::write(d.join("more"), "").unwrap(), false);
    check("/d", d, &|d| fs::remove_file(d.join("a")).unwrap(), false);
    let executable = fs::Permissions::from_mode(0o744);
    let run = |d: &Path| fs::set_permissions(d.join("a"), executable.clone()).unwrap();
    check("/d", d, &run, false);
    let link = |d: &Path| {
        fs::remove_file(d.join("a")).unwrap();
        symlink("d/a", d.join("a")).unwrap();
    };
    check("/d", d, &link, false);
    // Metadata that the copy sets anew makes no difference.
    check("/d", d, &|d| fs::create_dir(d.join("more")).unwrap(), true);
}

#[test]
fn a_plain_copy_has_a_file_for_every_name() {
    let source = tree(&["a"]);
    fs::hard_link(source.path().join("a"), source.path().join("b")).unwrap();
    for plain in [true, false] {
        let target = tempfile::tempdir().unwrap();
        copy(source.path(), target.path(), &Copy { plain, ..all() }).unwrap();
        let links = fs::metadata(target.path().join("a")).unwrap().nlink();
        assert_eq!(links, if plain { 1 } else { 2 });
    }
}

#[test]
fn another_file_in_the_place_of_the_first_name_is_not_linked_to() {
    // In the target, `lib` and `usr/lib` are one directory.
    let source = tree(&["lib/x", "usr/lib/x", "z/"]);
    fs::hard_link(source.path().join("lib/x"), source.path().join("z/y")).unwrap();
    let target = tree(&["usr/lib/", "lib -> usr/lib"]);
    copy(source.path(), target.path(), &all()).unwrap();
    let text = |path: &str| fs::read_to_string(target.path().join(path)).unwrap();
    assert_eq!(text("lib/x"), "usr/lib/x");
    assert_eq!(text("z/y"), "lib/x");
    // One file under both names.
    let source = tree(&["lib/x", "usr/lib/"]);
    fs::hard_link(source.path().join("lib/x"), source.path().join("usr/lib/x")).unwrap();
    copy(source.path(), target.path(), &all()).unwrap();
    assert_eq!(text("lib/x"), "lib/x");
}

#[test]
fn a_link_that_is_replaced_on_the_way_leads_where_it_leads_now() {
    // In the target, `d` is the root, until `d/d` takes its place.
    let source = tree(&["b", "d/c -> b", "d/d -> new"]);
    fs::hard_link(source.path().join("b"), source.path().join("d/e")).unwrap();
    let target = tree(&["d -> ."]);
    copy(source.path(), target.path(), &all()).unwrap();
    let read = |path: &str| fs::read_to_string(target.path().join(path)).unwrap();
    assert_eq!([read("c"), read("new/e")], ["b", "b"]);
}

#[test]
fn a_pattern_matches_nothing_behind_a_file_or_a_circle_of_links() {
    let source = tree(&["a/x/f", "b/x", "c/x -> x", "d/"]);
    let target = tempfile::tempdir().unwrap();
    let what = Copy {
        path: b"/*/x/f".to_vec(),
        ..all()
    };
    copy(source.path(), target.path(), &what).unwrap();
    assert_eq!(lines(target.path()), ["f"]);
}

/// The modes and owners of a copied tree, as `path mode uid:gid`.
fn owned(what: &Copy) -> Vec<String> {
    let (source, target) = (tree(&["d/f", "d/e/x", "d/e/l -> x"]), tree(&["etc/passwd"]));
    let executable = fs::Permissions::from_mode(0o4711);
    fs::set_permissions(source.path().join("d/e/x"), executable).unwrap();
    fs::write(target.path().join("etc/passwd"), "www:x:33:34::/:").unwrap();
    copy(source.path(), target.path(), what).unwrap();
    let mut found = Vec::new();
    for line in lines(&target.path().join("to")) {
        let name = line.split(' ').next().unwrap();
        let state = fs::symlink_metadata(target.path().join("to").join(name)).unwrap();
        let (uid, gid) = (state.uid(), state.gid());
        found.push(format!("{name} {:o} {uid}:{gid}", state.mode() & 0o7777));
    }
    let to = fs::metadata(target.path().join("to")).unwrap();
    found.push(format!(
        "{:o} {}:{}",
        to.mode() & 0o7777,
        to.uid(),
        to.gid()
    ));
    found
}

#[test]
fn copied_files_get_modes_and_owners() {
    let check = |mode: &str, owner: &str, plain: bool, keeps_modes: bool, expected: &[&str]| {
        let what = Copy {
            path: b"/d".to_vec(),
            to: b"/to/".to_vec(),
            mode: (!mode.is_empty()).then(|| mode.parse().unwrap()),
            owner: (!owner.is_empty()).then(|| owner.parse().unwrap()),
            plain,
            keeps_modes,
            ..Copy::default()
        };
        assert_eq!(owned(&what), expected, "{mode} {owner}");
    };
    let link = |owner: &str| format!("e/l 777 {owner}");
    let all = |lines: [&str; 3], owner: &str, to: &str| -> Vec<String> {
        let [e, x, f] = lines.map(|line| format!("{line} {owner}"));
        vec![e, link(owner), x, f, to.to_owned()]
    };
    let check = |mode: &str, owner: &str, plain, keeps, expected: Vec<String>| {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(mode, owner, plain, keeps, &expected);
    };
    let kept = ["e/ 755", "e/x 4711", "f 644"];
    check("", "", false, false, all(kept, "0:0", "755 0:0"));
    check("", "www", false, false, all(kept, "33:34", "755 33:34"));
    check("", "www", true, true, all(kept, "33:34", "755 33:34"));
    let plain = ["e/ 755", "e/x 755", "f 644"];
    check("", "", true, false, all(plain, "0:0", "755 0:0"));
    check("", "7", true, false, all(plain, "7:7", "755 7:7"));
    let closed = ["e/ 700", "e/x 700", "f 600"];
    check("u=rwX,go=", "", true, false, all(closed, "0:0", "700 0:0"));
    check("u=rwX,go=", "", false, false, all(closed, "0:0", "700 0:0"));
    let octal = ["e/ 550", "e/x 440", "f 440"];
    check("0440", "", true, false, all(octal, "0:0", "550 0:0"));
}

#[test]
fn what_is_left_out_of_a_copy() {
    let check = |path: &str, patterns: &[&str], expected: &[&str]| {
        let names = ["s/a.o", "s/a.c", "s/m/x/i", "s/m/k", "s/d/e/", "s/n/a.o"];
        let (source, target) = (tree(&names), tempfile::tempdir().unwrap());
        let what = Copy {
            path: path.into(),
            to: b"/".to_vec(),
            exclude: file_set::Excludes::try_new(patterns).unwrap(),
            ..Copy::default()
        };
        copy(source.path(), target.path(), &what).unwrap();
        let found = lines(target.path());
        let names: Vec<&str> = found
            .iter()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        assert_eq!(names, expected, "{path} without {patterns:?}");
    };
    check("/s", &["m", "d/e", "n"], &["a.c", "a.o", "d/"]);
    check("/s", &["*.o", "m"], &["a.c", "d/", "d/e/", "n/", "n/a.o"]);
    check("/s", &["**/*.o", "m", "d"], &["a.c", "n/"]);
    check("/s", &["*", "!m/x"], &["m/", "m/x/", "m/x/i"]);
    check("/s", &["*", "!d/e"], &["d/", "d/e/"]);
    // Relative to the part before the first pattern.
    check("/s/a*", &["*.o"], &["a.c"]);
    check("/s/[mn]", &["m/x"], &["a.o", "k"]);
    check(r"/\s", &["m", "n", "d"], &["a.c", "a.o"]);
}
