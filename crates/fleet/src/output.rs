//! Files that appear under their final names only when they are complete.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::io::Errno;
use tempfile::NamedTempFile;

/// Why an output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Its directory cannot be made or written to.
    #[error("cannot write to the directory `{}`", directory.display())]
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

/// How the name of a draft ends. Before it stand a dot, the name of the output, a dot and [`RANDOM`] characters.
const SUFFIX: &str = ".partial";

/// How many random letters and digits the name of a draft has, as `tempfile` has them by default.
const RANDOM: usize = 6;

/// A file in the making, beside its final path and under another name; dropped, it leaves nothing behind.
///
/// It is locked as long as it has an owner. One that a killed process has left is not, and goes when the next draft of
/// the same output is made.
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
        let made = fs::create_dir_all(directory);
        made.map_err(|source| match source.kind() {
            // A file has the name.
            io::ErrorKind::AlreadyExists => failed(io::ErrorKind::NotADirectory.into()),
            _ => failed(source),
        })?;
        if path.is_dir() {
            let source = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(OutputError::File {
                path: path.to_owned(),
                source,
            });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        sweep(directory, &prefix);
        let file = loop {
            let file = tempfile::Builder::new()
                .prefix(&prefix)
                .suffix(SUFFIX)
                .rand_bytes(RANDOM)
                // What the umask leaves of it, as with any new file.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(directory)
                .map_err(failed)?;
            if own(file.as_file()).map_err(failed)? {
                break file;
            }
        };
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

    /// Writes `bytes`, and gives the file its final name.
    pub(crate) fn publish_bytes(self, bytes: &[u8]) -> Result<(), OutputError> {
        let written = self.file.as_file().write_all(bytes);
        written.map_err(|source| OutputError::File {
            path: self.path.clone(),
            source,
        })?;
        self.publish()
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

/// Locks a new draft; false when somebody swept it away in the moment before.
fn own(draft: &File) -> io::Result<bool> {
    match draft.lock() {
        // Where a file system has no locks, nobody can take a draft for one without an owner either.
        Err(error) if is_unsupported(&error) => Ok(true),
        locked => locked.and_then(|()| Ok(draft.metadata()?.nlink() > 0)),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error() == Some(Errno::NOLCK.raw_os_error())
}

/// Removes drafts whose owners are gone. One that cannot be looked at or removed stays for the next time: it is in
/// nobody's way.
fn sweep(directory: &Path, prefix: &str) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_draft(&entry.file_name(), prefix)) {
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let draft = File::options().read(true).write(true).open(entry.path());
        // The lock is held until the file is gone, so that its maker sees that it is.
        if let Ok(draft) = draft
            && draft.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_draft(name: &OsStr, prefix: &str) -> bool {
    let random = name
        .to_str()
        .and_then(|name| name.strip_prefix(prefix)?.strip_suffix(SUFFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
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
        fs::write(&path, b"old").unwrap();
        let draft = Draft::create(&path).unwrap();
        draft.writer().write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
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
            draft.writer().write_all(b"whole").unwrap();
            draft.publish().unwrap();
        }
        assert_eq!(fs::read(path("x.tar")).unwrap(), b"whole");
    }

    #[test]
    fn a_draft_that_was_swept_before_it_was_locked_is_given_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let draft = File::create_new(&path).unwrap();
        assert!(own(&draft).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!own(&draft).unwrap());
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
}
