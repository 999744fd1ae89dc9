//! Drafts: names, sweeping, and what is no regular file.

use std::os::unix::fs::{FileTypeExt as _, symlink};

use super::*;

#[test]
fn a_draft_appears_only_when_published() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/er/x.tar");
    let draft = Draft::create(&path).unwrap();
    draft.writer().unwrap().write_all(b"bytes").unwrap();
    assert!(!path.exists());
    draft.publish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"bytes");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_dropped_draft_leaves_the_old_file_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.tar");
    fs::write(&path, b"old").unwrap();
    let draft = Draft::create(&path).unwrap();
    draft.writer().unwrap().write_all(b"half").unwrap();
    drop(draft);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn directories_that_were_made_for_a_dropped_draft_go_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let draft = Draft::create_in(&out, &out.join("x/y/a.tar")).unwrap();
    assert!(out.join("x/y").is_dir());
    drop(draft);
    assert!(!out.exists());
    fs::create_dir_all(out.join("x")).unwrap();
    drop(Draft::create_in(&out, &out.join("x/y/a.tar")).unwrap());
    assert!(out.join("x").is_dir() && !out.join("x/y").exists());
    let (one, other) = ("x/y/a.tar", "x/y/b.tar");
    let drafts = [one, other].map(|name| Draft::create_in(&out, &out.join(name)).unwrap());
    let [failed, complete] = drafts;
    complete.publish_bytes(b"whole").unwrap();
    drop(failed);
    assert!(out.join(other).exists() && !out.join(one).exists());
}

#[test]
fn drafts_without_an_owner_are_swept() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let left = [".x.tar.aB3xyz.partial", ".x.tar.000000.partial"];
    let others = [
        ".x.tar.abcdefg.partial",
        ".x.tar.abc.ef.partial",
        ".y.tar.abcdef.partial",
        "x.tar.abcdef.partial",
    ];
    for name in left.iter().chain(&others) {
        fs::write(path(name), b"half").unwrap();
    }
    let mine = Draft::create(&path("x.tar")).unwrap();
    let again = Draft::create(&path("x.tar")).unwrap();
    for name in left {
        assert!(!path(name).exists(), "{name}");
    }
    for name in others {
        assert!(path(name).exists(), "{name}");
    }
    for draft in [mine, again] {
        draft.writer().unwrap().write_all(b"whole").unwrap();
        draft.publish().unwrap();
    }
    assert_eq!(fs::read(path("x.tar")).unwrap(), b"whole");
}

#[test]
fn a_draft_that_was_swept_before_it_was_locked_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x");
    let draft = File::create_new(&path).unwrap();
    assert!(sweep::own(&draft).unwrap());
    fs::remove_file(&path).unwrap();
    assert!(!sweep::own(&draft).unwrap());
}

#[test]
fn an_unusable_path_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Draft::create(&file.join("x.tar")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot write to the directory `{}`", file.display())
    );
    let error = Draft::create(directory.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot write `{}`", directory.path().display())
    );
}

fn content(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn only_regular_files_are_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    Draft::create(Path::new("/dev/null"))
        .unwrap()
        .publish_bytes(b"x")
        .unwrap();
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );

    rustix::fs::mknodat(
        rustix::fs::CWD,
        path("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    // Made before anybody reads, and it does not wait.
    let draft = Draft::create(&path("fifo")).unwrap();
    draft.remove_earlier().unwrap();
    let reader = std::thread::spawn({
        let fifo = path("fifo");
        move || content(&fifo)
    });
    let mut writer = draft.writer().unwrap();
    writer.write_all(b"through").unwrap();
    drop(writer);
    assert_eq!(draft.publish().unwrap(), None);
    assert_eq!(reader.join().unwrap(), "through");
    assert!(
        fs::symlink_metadata(path("fifo"))
            .unwrap()
            .file_type()
            .is_fifo()
    );

    let socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    assert!(Draft::create(&path("socket")).is_err());
    drop(socket);
}

#[test]
fn links_are_followed_and_stay() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("deep")).unwrap();
    fs::write(path("deep/real"), "old").unwrap();
    symlink("deep/real", path("link")).unwrap();
    symlink("deep/new", path("dangling")).unwrap();
    symlink("loop", path("loop")).unwrap();
    for name in ["link", "dangling"] {
        let draft = Draft::create(&path(name)).unwrap();
        draft.publish_bytes(b"new").unwrap();
        assert!(fs::symlink_metadata(path(name)).unwrap().is_symlink());
        assert_eq!(content(&path(name)), "new");
    }
    assert!(Draft::create(&path("loop")).is_err());
}

#[test]
fn an_open_file_gets_the_bytes_behind_those_that_it_has() {
    use std::os::fd::AsRawFd as _;
    let directory = tempfile::tempdir().unwrap();
    let mut stdout = File::create(directory.path().join("stdout")).unwrap();
    stdout.write_all(b"before ").unwrap();
    let descriptor = format!("/dev/fd/{}", stdout.as_raw_fd());
    let draft = Draft::create(Path::new(&descriptor)).unwrap();
    draft.remove_earlier().unwrap();
    draft.publish_bytes(b"and after").unwrap();
    assert_eq!(
        content(&directory.path().join("stdout")),
        "before and after"
    );
}

#[test]
fn links_below_an_output_directory_do_not_lead_out_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let out = path("real");
    fs::create_dir_all(out.join("inner")).unwrap();
    fs::create_dir(path("elsewhere")).unwrap();
    fs::write(path("precious"), "precious").unwrap();
    symlink("inner", out.join("within")).unwrap();
    symlink("../elsewhere", out.join("without")).unwrap();
    symlink("../precious", out.join("x.tar")).unwrap();
    symlink("../new", out.join("y.tar")).unwrap();
    // The directory itself may be a link: the user named it.
    symlink("real", path("out")).unwrap();
    for out in [&out, &path("out")] {
        let draft = |name: &str| Draft::create_in(out, &out.join(name));
        for name in ["a.tar", "within/b.tar", "made/for/c.tar"] {
            draft(name).unwrap().publish_bytes(b"x").unwrap();
        }
        for name in ["x.tar", "y.tar", "without/d.tar", "without/made/e.tar"] {
            let refused = draft(name).unwrap_err();
            assert!(matches!(refused, OutputError::Outside { .. }), "{refused}");
        }
    }
    assert_eq!(content(&path("precious")), "precious");
    assert_eq!(fs::read_dir(path("elsewhere")).unwrap().count(), 0);
    assert!(!path("new").exists());
}

#[test]
fn permissions_can_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.lock");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let draft = Draft::create(&path)
        .unwrap()
        .with_permissions_kept()
        .unwrap();
    draft.publish_bytes(b"new").unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn what_was_published_is_told_from_what_has_its_name_later() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.tar");
    let publish = |bytes: &[u8]| {
        let draft = Draft::create(&path).unwrap();
        draft.writer().unwrap().write_all(bytes).unwrap();
        draft.publish().unwrap().unwrap()
    };
    let (first, second) = (publish(b"one"), publish(b"two"));
    assert_ne!(first, second);
    assert_eq!(Fingerprint::of(&fs::metadata(&path).unwrap()), second);
}

#[test]
fn a_directory_appears_only_when_published_and_replaces_outputs_alone() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("deep/out");
    let publish = |is_output: bool, name: &str| {
        let draft = FilesDraft::create(&path, None, is_output)?;
        fs::write(draft.directory().join(name), name).unwrap();
        let complete = draft.complete()?;
        draft.publish().map(|()| complete)
    };
    let names = |directory: &Path| -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    };
    let draft = FilesDraft::create(&path, None, false).unwrap();
    assert!(!path.exists());
    drop(draft);
    assert_eq!(names(parent.path()), [""; 0]);

    let first = publish(false, "one").unwrap();
    assert_eq!(names(&path), ["one"]);
    assert_eq!(Fingerprint::of_directory(&path).unwrap(), first);
    assert!(matches!(
        publish(false, "two"),
        Err(OutputError::Occupied { .. })
    ));
    // Somebody else is faster.
    let late = FilesDraft::create(&parent.path().join("deep/late"), None, false).unwrap();
    fs::create_dir(parent.path().join("deep/late")).unwrap();
    fs::write(parent.path().join("deep/late/theirs"), "").unwrap();
    assert!(matches!(late.publish(), Err(OutputError::Occupied { .. })));
    assert_eq!(names(&parent.path().join("deep/late")), ["theirs"]);
    fs::remove_dir_all(parent.path().join("deep/late")).unwrap();

    let second = publish(true, "two").unwrap();
    assert_ne!(first, second);
    assert_eq!(names(&path), ["two"]);
    assert_eq!(names(&parent.path().join("deep")), ["out"]);
}

#[test]
fn directories_in_the_making_without_an_owner_are_swept() {
    let parent = tempfile::tempdir().unwrap();
    let left = parent.path().join(".out.abcdef.partial");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("half"), "half").unwrap();
    let mine = FilesDraft::create(&parent.path().join("out"), None, false).unwrap();
    let again = FilesDraft::create(&parent.path().join("out"), None, false).unwrap();
    assert!(!left.exists());
    assert!(mine.directory().exists() && again.directory().exists());
}
