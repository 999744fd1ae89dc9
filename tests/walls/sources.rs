//! The sources of a member, without its tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The lines of a source file that are code outside tests.
pub(crate) fn code(text: &str) -> impl Iterator<Item = &str> {
    let outside_tests = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]");
    outside_tests
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

/// The source files in a directory, without those of tests.
pub(crate) fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(sources_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            sources.push(path);
        }
    }
    sources
}

fn sources_below(dir: &Path) -> Vec<PathBuf> {
    if dir.ends_with("tests") {
        Vec::new()
    } else {
        sources(dir)
    }
}
