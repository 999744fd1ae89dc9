//! Files that llbgen and git keep in a directory for themselves: `.git`, the lock, records of builds, and the outputs
//! that records name. Globs leave them out: otherwise every build would change the input of the next one.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use catalog::{LOCK_FILE, RECORDS_DIRECTORY};

use super::{InputDirectory, PathKind};

/// The names in one directory, and paths below it, that are kept for themselves.
#[derive(Debug, Default)]
pub(super) struct Kept<'a> {
    is_looked_at: bool,
    /// The outputs that records name, relative to the context directory.
    outputs: BTreeSet<PathBuf>,
    /// The same of the directory above, whose records name outputs at any depth.
    above: Option<&'a Kept<'a>>,
}

impl<'a> Kept<'a> {
    /// The outputs that the directories above `path` have records of.
    pub(super) fn above(tree: &impl InputDirectory, path: &Path) -> io::Result<Self> {
        let mut outputs = BTreeSet::new();
        for directory in path.ancestors().skip(1) {
            outputs.extend(recorded_in(tree, directory)?);
        }
        Ok(Self {
            outputs,
            ..Self::default()
        })
    }

    /// The same of the directory `path`; `above` is that of the directory above it.
    pub(super) fn of(tree: &impl InputDirectory, path: &Path, above: &'a Self) -> io::Result<Self> {
        Ok(Self {
            is_looked_at: true,
            outputs: recorded_in(tree, path)?,
            above: Some(above),
        })
    }

    /// Whether `name` in the directory `path` is one of them.
    pub(super) fn has(&self, path: &Path, name: &OsStr) -> bool {
        let is_lock = path.as_os_str().is_empty() && name == LOCK_FILE;
        self.is_looked_at && (is_lock || name == ".git" || name == RECORDS_DIRECTORY)
            || self.is_output(&path.join(name))
    }

    fn is_output(&self, path: &Path) -> bool {
        self.outputs.contains(path) || self.above.is_some_and(|above| above.is_output(path))
    }
}

/// The outputs that the records in `directory` name.
fn recorded_in(tree: &impl InputDirectory, directory: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut outputs = BTreeSet::new();
    let records = directory.join(RECORDS_DIRECTORY);
    match tree.kind(&records) {
        Ok(PathKind::Directory) => {}
        Ok(_) => return Ok(outputs),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(outputs),
        Err(error) => return Err(error),
    }
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for (name, is_directory) in tree.names(&records.join(&below))? {
            let record = below.join(&name);
            if is_directory {
                open.push(record);
            } else {
                outputs.extend(recorded(&record).map(|output| directory.join(output)));
            }
        }
    }
    Ok(outputs)
}

/// The outputs that a record may name: `a/b.tar` for `a/b.tar.json`, and `a.oci.tar` for `a.oci.tar.linux-arm64.json`,
/// since an image has a record for each platform.
fn recorded(record: &Path) -> impl Iterator<Item = PathBuf> {
    let output = record.with_extension("");
    let platform = output.extension().and_then(OsStr::to_str);
    let of_platform = platform
        .filter(|platform| platform.starts_with("linux-"))
        .map(|_| output.with_extension(""));
    [output].into_iter().chain(of_platform)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_their_outputs() {
        let check = |record: &str, expected: &[&str]| {
            let outputs: Vec<PathBuf> = recorded(Path::new(record)).collect();
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(outputs, expected, "{record}");
        };
        check("b.tar.json", &["b.tar"]);
        check("a/b.tar.llb", &["a/b.tar"]);
        check(
            "a.oci.tar.linux-arm64.json",
            &["a.oci.tar.linux-arm64", "a.oci.tar"],
        );
    }
}
