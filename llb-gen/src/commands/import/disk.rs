//! The files that an import looks at: those below the catalog's directory.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use import::{Files, Kind};

use crate::failure::{Exit, Failure};

/// The catalog's directory.
pub(super) struct Disk {
    root: PathBuf,
    /// The directory as the user names it.
    given: PathBuf,
}

impl Disk {
    pub(super) fn open(directory: &Path) -> Result<Self, Failure> {
        let root = directory.canonicalize();
        let root = root.map_err(|error: io::Error| {
            let error = format!("`{}` cannot be read: {error}", directory.display());
            Failure::new(Exit::Catalog, error)
        })?;
        let given = directory.to_owned();
        Ok(Self { root, given })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory's own name.
    pub(super) fn name(&self) -> String {
        let name = self.root.file_name();
        name.map_or_else(
            || "image".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// The path of a file below the directory.
    pub(super) fn relative(&self, file: &Path) -> Result<String, Failure> {
        let whole = file.canonicalize();
        let whole = whole.map_err(|error: io::Error| {
            Failure::new(
                Exit::Catalog,
                format!("`{}` cannot be read: {error}", file.display()),
            )
        })?;
        let below = whole.strip_prefix(&self.root).map_err(|_| {
            let error = format!(
                "`{}` is not below `{}`, the directory of the catalog",
                file.display(),
                self.given.display()
            );
            let hint = "give a directory that both are in, as `--context DIR`";
            Failure::new(Exit::Usage, error).with_hint(hint)
        })?;
        let parts = below.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
        Ok(parts.collect::<Vec<_>>().join("/"))
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    fn kind(&self, path: &str) -> Option<Kind> {
        let metadata = fs::metadata(self.root.join(path)).ok()?;
        Some(if metadata.is_dir() {
            Kind::Directory
        } else {
            Kind::File
        })
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        let entries = fs::read_dir(self.root.join(directory)).ok()?;
        let names = entries.map(|entry| entry.ok()?.file_name().into_string().ok());
        names.collect()
    }

    fn followed(&self, path: &str) -> Option<String> {
        let whole = self.root.join(path).canonicalize().ok()?;
        let below = whole.strip_prefix(&self.root).ok()?;
        below.to_str().map(str::to_owned)
    }
}
