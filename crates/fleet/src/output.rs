//! Files that appear under their final names only when they are complete.

use std::{
    fs::{self, File, Permissions},
    io::{self, BufWriter},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// Why an output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Its directory cannot be made or written to.
    #[error("cannot write to the output directory `{}`", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be completed.
    #[error("cannot write `{}`", path.display())]
    File {
        /// Its final path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A file in the making, beside its final path and under another name; dropped, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Draft {
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Makes the directory of `path` when it is not there, and the draft in it.
    pub(crate) fn create(path: &Path) -> Result<Self, OutputError> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let failed = |source| OutputError::Directory {
            directory: directory.to_owned(),
            source,
        };
        fs::create_dir_all(directory).map_err(failed)?;
        if path.is_dir() {
            let source = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(OutputError::File {
                path: path.to_owned(),
                source,
            });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".partial")
            // What the umask leaves of it, as with any new file.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory)
            .map_err(failed)?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Its final path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where to write.
    pub(crate) fn writer(&self) -> BufWriter<&File> {
        BufWriter::with_capacity(256 * 1024, self.file.as_file())
    }

    /// Gives the file its final name, once its bytes are on the disk.
    pub(crate) fn publish(self) -> Result<(), OutputError> {
        let Self { file, path } = self;
        let failed = |source| OutputError::File {
            path: path.clone(),
            source,
        };
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)
    }
}

/// Writes `bytes` to `path`, which has either its old content or the new one at any time.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    use std::io::Write;
    let draft = Draft::create(path)?;
    let failed = |source| OutputError::File {
        path: path.to_owned(),
        source,
    };
    let mut writer = draft.writer();
    writer
        .write_all(bytes)
        .and_then(|()| writer.flush())
        .map_err(failed)?;
    drop(writer);
    draft.publish()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_draft_appears_only_when_published() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/er/x.tar");
        let draft = Draft::create(&path).unwrap();
        draft.writer().write_all(b"bytes").unwrap();
        assert!(!path.exists());
        draft.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"bytes");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_dropped_draft_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.tar");
        write_whole(&path, b"old").unwrap();
        let draft = Draft::create(&path).unwrap();
        draft.writer().write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_unusable_path_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        write_whole(&file, b"").unwrap();
        let error = Draft::create(&file.join("x.tar")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot write to the output directory `{}`", file.display())
        );
        let error = Draft::create(directory.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot write `{}`", directory.path().display())
        );
    }
}
