//! What is read from a context directory, and what is refused.

use std::error::Error as _;
use std::os::unix::fs::{PermissionsExt, symlink};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use catalog::{ContextPath, Declared, FileContent, FileSet};

use super::*;

/// A context directory in a directory of its own, beside a file that is none of its business.
fn context() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("context");
    fs::create_dir_all(root.join("conf/deep")).unwrap();
    fs::write(outer.path().join("secret"), "secret").unwrap();
    fs::write(root.join("install.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(root.join("install.sh"), fs::Permissions::from_mode(0o775)).unwrap();
    fs::write(root.join("conf/a.toml"), "a = 1\n").unwrap();
    fs::write(root.join("conf/deep/b.toml"), "b = 1\n").unwrap();
    fs::write(root.join("conf/notes"), "notes\n").unwrap();
    (outer, root)
}

fn read_files(root: &Path, declared: &str) -> Result<FileSet, InputError> {
    let path: Declared = declared.parse().unwrap();
    let needs = Needs {
        files: [path.clone()].into(),
        ..Needs::default()
    };
    Ok(read(&Disk::new(root), &needs, &[])?
        .inputs
        .files
        .remove(&path)
        .unwrap())
}

#[test]
fn paths_directories_and_globs_stand_for_files() {
    let (_outer, root) = context();
    let check = |declared: &str, expected: &[&str]| {
        let files = read_files(&root, declared).unwrap();
        assert_eq!(
            files.keys().map(ContextPath::as_str).collect::<Vec<_>>(),
            expected,
            "{declared}"
        );
    };
    check("install.sh", &["install.sh"]);
    check("conf", &["conf/a.toml", "conf/deep/b.toml", "conf/notes"]);
    check("conf/*.toml", &["conf/a.toml"]);
    check("conf/**/*.toml", &["conf/a.toml", "conf/deep/b.toml"]);
    check("conf/d*", &["conf/deep/b.toml"]);
    check("*.sh", &["install.sh"]);
}

#[test]
fn modes_are_those_of_git() {
    let (_outer, root) = context();
    assert_eq!(
        read_files(&root, "install.sh")
            .unwrap()
            .values()
            .next()
            .unwrap()
            .mode(),
        0o755
    );
    assert_eq!(
        read_files(&root, "conf/notes")
            .unwrap()
            .values()
            .next()
            .unwrap()
            .mode(),
        0o644
    );
}

#[test]
fn large_files_are_hashed() {
    let (_outer, root) = context();
    let bytes = vec![b'x'; 3 * 1024 * 1024 + 1];
    fs::write(root.join("large"), &bytes).unwrap();
    let files = read_files(&root, "large").unwrap();
    let FileContent::Hashed { sha256, size } = &files.values().next().unwrap().content else {
        panic!("{files:?}")
    };
    assert_eq!(
        (*size, &sha256[..]),
        (bytes.len() as u64, &Sha256::digest(&bytes)[..])
    );
}

#[test]
fn nothing_outside_the_context_is_read() {
    let (_outer, root) = context();
    symlink("../secret", root.join("out")).unwrap();
    symlink("a.toml", root.join("conf/in")).unwrap();
    symlink("conf", root.join("linked")).unwrap();
    let check = |declared: &str, expected: &str| {
        let error = read_files(&root, declared).unwrap_err().to_string();
        assert_eq!(
            error,
            expected.replace(
                "CONTEXT",
                &fs::canonicalize(&root).unwrap().display().to_string()
            )
        );
    };
    check(
        "out",
        "`out` is a symbolic link to `../secret`, out of the directory `CONTEXT`",
    );
    check(
        "linked/a.toml",
        "`linked/a.toml` cannot be declared: `linked` is a symbolic link; declare what it points to",
    );
    check(
        "missing",
        "cannot read `missing` in the directory `CONTEXT`",
    );
    check(
        "conf/*.json",
        "`conf/*.json` stands for no file in the directory `CONTEXT`",
    );
    let links = read_files(&root, "conf/i*").unwrap();
    assert_eq!(
        links.values().next().unwrap().content,
        FileContent::Symlink("a.toml".to_owned())
    );
}

#[test]
fn what_is_kept_in_a_directory_is_in_no_glob() {
    let (_outer, root) = context();
    let write = |path: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    };
    for path in [
        ".git/config",
        "conf/.git",
        "llbgen.lock",
        "out/a.tar",
        "out/.llbgen/a.tar.json",
        "out/i.oci.tar",
        "out/.llbgen/i.oci.tar.linux-arm64.json",
        "out/mine",
        // Outputs are below directories of their artifacts, unless the catalog says otherwise.
        "out/b/amd64.tar",
        "out/.llbgen/b/amd64.tar.json",
        "conf/llbgen.lock",
    ] {
        write(path);
    }
    let names = |declared: &str| -> Vec<String> {
        let declared = ContextPath::declared(declared).unwrap().into();
        let files = files::read(&Directory::open(&root).unwrap(), &declared).unwrap();
        let names = files.keys().map(ToString::to_string);
        names
            .filter(|name| name.starts_with("out") || name.contains("git") || name.contains("lock"))
            .collect()
    };
    assert_eq!(names("."), ["conf/llbgen.lock", "out/mine"]);
    assert_eq!(names("*"), ["conf/llbgen.lock", "out/mine"]);
    for glob in ["out/*.tar*", "out/b/*", "out/b*/*"] {
        assert!(read_files(&root, glob).is_err(), "{glob}");
    }
    // What is named is meant.
    assert_eq!(names("out/a.tar"), ["out/a.tar"]);
}

#[test]
fn links_are_copied_and_never_followed() {
    let (_outer, root) = context();
    fs::create_dir(root.join("wants")).unwrap();
    let check = |target: &str| {
        let link = root.join("wants/x.service");
        symlink(target, &link).unwrap();
        let files = read_files(&root, "wants").unwrap();
        let (path, file) = files.into_iter().next().unwrap();
        assert_eq!(path.as_str(), "wants/x.service");
        fs::remove_file(link).unwrap();
        assert_eq!(file.content, FileContent::Symlink(target.to_owned()));
    };
    for target in [
        "../x.service",
        "nowhere",
        "x.service",
        "deep/../../conf/./a.toml",
        "../../secret",
        "/etc/passwd",
    ] {
        check(target);
    }
}

#[test]
fn only_what_can_match_matters() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let (_outer, root) = context();
    let check = |declared: &str, expected: Result<&[&str], &str>| {
        let names = read_files(&root, declared)
            .map(|files| files.keys().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|error| error.to_string());
        let expected = expected
            .map(|names| names.iter().copied().map(str::to_owned).collect())
            .map_err(str::to_owned);
        assert_eq!(names, expected, "{declared}");
    };
    let broken = OsStr::from_bytes(b"conf/\xff");
    fs::write(root.join(broken), "").unwrap();
    fs::create_dir(root.join("conf/none")).unwrap();
    std::os::unix::net::UnixListener::bind(root.join("conf/socket")).unwrap();
    check("conf/*.toml", Ok(&["conf/a.toml"]));
    check("conf/**/*.toml", Ok(&["conf/a.toml", "conf/deep/b.toml"]));
    check("conf/*/*.toml", Ok(&["conf/deep/b.toml"]));
    check(
        "conf/sock*",
        Err("`conf/socket` is neither a file, nor a directory, nor a symbolic link"),
    );
    let root = fs::canonicalize(&root).unwrap();
    let error = read_files(&root, "conf/[!abdns]*").unwrap_err();
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    assert!(
        matches!(cause, Some(FilesError::Name { path, .. }) if path == Path::new(broken)),
        "{error}"
    );
}

#[test]
fn braces_are_part_of_a_name() {
    let (_outer, root) = context();
    fs::write(root.join("conf/{a,b}.toml"), "braces\n").unwrap();
    let files = read_files(&root, "conf/{a*").unwrap();
    assert_eq!(
        files.keys().map(ContextPath::as_str).collect::<Vec<_>>(),
        ["conf/{a,b}.toml"]
    );
}

#[test]
fn what_is_left_out_is_not_looked_at() {
    let (_outer, root) = context();
    fs::create_dir(root.join("odd")).unwrap();
    std::os::unix::net::UnixListener::bind(root.join("odd/socket")).unwrap();
    let check = |path: &str, patterns: &[&str], expected: &[&str]| {
        let declared = Declared {
            exclude: catalog::Excludes::try_new(patterns).unwrap(),
            ..ContextPath::declared(path).unwrap().into()
        };
        let files = files::read(&Directory::open(&root).unwrap(), &declared).unwrap();
        let names: Vec<&str> = files.keys().map(ContextPath::as_str).collect();
        assert_eq!(names, expected, "{path} without {patterns:?}");
    };
    check("conf", &["deep"], &["conf/a.toml", "conf/notes"]);
    check("conf", &["*.toml"], &["conf/deep/b.toml", "conf/notes"]);
    check("conf/**/*.toml", &["deep"], &["conf/a.toml"]);
    check(
        ".",
        &["odd", "conf", "!conf/deep"],
        &["conf/deep/b.toml", "install.sh"],
    );
    check("install.sh", &["install.sh"], &["install.sh"]);
}

#[test]
fn modes_count_where_they_are_kept() {
    let (_outer, root) = context();
    let mode = |keeps_modes| {
        let declared = Declared {
            keeps_modes,
            ..ContextPath::declared("install.sh").unwrap().into()
        };
        let files = files::read(&Directory::open(&root).unwrap(), &declared).unwrap();
        let file = &files[&declared.path];
        (file.mode(), file.kept)
    };
    assert_eq!(mode(false), (0o755, None));
    assert_eq!(mode(true), (0o775, Some(0o775)));
}
