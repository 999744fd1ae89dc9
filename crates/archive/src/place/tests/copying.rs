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
