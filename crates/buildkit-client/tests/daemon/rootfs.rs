//! A root filesystem of three of the host's programs, so that steps can run without an image registry.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use buildkit_client::{DeclaredFiles, LocalDir};

const PROGRAMS: [&str; 3] = ["/bin/sh", "/bin/sleep", "/bin/cat"];

/// Writes it below `dir`: the programs, and the libraries that they load.
pub(crate) fn write(dir: &Path) -> LocalDir {
    let root = dir.join("rootfs");
    let libraries = PROGRAMS.into_iter().flat_map(libraries);
    let files: BTreeSet<PathBuf> = PROGRAMS
        .into_iter()
        .map(PathBuf::from)
        .chain(libraries)
        .collect();
    for file in files {
        let copy = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(&file, copy).unwrap();
    }
    fs::create_dir_all(root.join("tmp")).unwrap();
    LocalDir::new("rootfs", root, DeclaredFiles::All)
}

fn libraries(program: &str) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}
