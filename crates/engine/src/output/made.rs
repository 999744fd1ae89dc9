//! Directories that were made for an output: a build that fails leaves none of them behind.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The directories on the way to a place that were not there, deepest first. Dropped, it removes those that are empty.
#[derive(Debug)]
pub(crate) struct Made(Vec<PathBuf>);

impl Made {
    /// Finds the missing directories. Nothing is made.
    pub(crate) fn on_the_way_to(directory: &Path) -> Self {
        let missing = directory
            .ancestors()
            .take_while(|directory| !directory.as_os_str().is_empty() && !directory.exists());
        Self(missing.map(Path::to_owned).collect())
    }

    /// Makes `directory` with those above it.
    pub(super) fn make(directory: &Path) -> io::Result<Self> {
        let made = Self::on_the_way_to(directory);
        fs::create_dir_all(directory).map(|()| made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for directory in &self.0 {
            // Not when there is something in it: a complete output, or what another call is about to write.
            let _ = fs::remove_dir(directory);
        }
    }
}
