//! What is read from a context directory, and what is refused.

use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

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
    let path: ContextPath = declared.parse().unwrap();
    let needs = Needs {
        files: [path.clone()].into(),
        ..Needs::default()
    };
    Ok(read(root, &needs, &[], &[])?
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
        "`out` is a symbolic link to `../secret`, out of the context directory `CONTEXT`",
    );
    check(
        "linked/a.toml",
        "`linked/a.toml` cannot be declared: `linked` is a symbolic link; declare what it points to",
    );
    check(
        "missing",
        "cannot read `missing` in the context directory `CONTEXT`",
    );
    check(
        "conf/*.json",
        "`conf/*.json` stands for no file in the context directory `CONTEXT`",
    );
    let links = read_files(&root, "conf/i*").unwrap();
    assert_eq!(
        links.values().next().unwrap().content,
        FileContent::Symlink("a.toml".to_owned())
    );
    symlink("/etc/passwd", root.join("conf/deep/absolute")).unwrap();
    check(
        "conf",
        "`conf/deep/absolute` is a symbolic link to `/etc/passwd`, out of the context directory `CONTEXT`",
    );
}
