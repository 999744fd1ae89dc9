//! Directories that appear under their final names only when they are complete.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use tempfile::{Builder, TempDir};

use super::{OutputError, made::Made, made_within, new_draft, target, unwritable};
use crate::fingerprint::Fingerprint;

/// A directory in the making, beside its final path and under another name; dropped, it leaves nothing behind. As that
/// of a file, the draft of a killed process is known by its lock.
///
/// It takes the place of nothing, of an empty directory, or of an earlier output of the same path.
#[derive(Debug)]
pub(crate) struct FilesDraft {
    path: PathBuf,
    target: PathBuf,
    body: TempDir,
    /// Whether what is at the target is an output, which may be replaced.
    replaces: bool,
    _lock: File,
    /// Dropped after the body, without which its directories can be removed.
    _made: [Option<Made>; 2],
}

impl FilesDraft {
    /// Makes the draft of the directory `path`. A link at `path` is followed. Within an output directory, no link below
    /// it leads out of it. `is_output` says whether what is there is an earlier output.
    pub(crate) fn create(
        path: &Path,
        within: Option<&Path>,
        is_output: bool,
    ) -> Result<Self, OutputError> {
        let target = target_of(path).map_err(|source| unwritable(path, source))?;
        let out = match within {
            Some(directory) => Some(made_within(directory, path, &target)?),
            None => None,
        };
        if !is_output && !is_vacant(&target).map_err(|source| unwritable(path, source))? {
            return Err(OutputError::Occupied {
                path: path.to_owned(),
            });
        }
        let begin = |builder: &Builder<'_, '_>, above: &Path| {
            // What the umask leaves of it, as with any new directory.
            let mut builder = builder.clone();
            builder.permissions(Permissions::from_mode(0o777));
            let body = builder.tempdir_in(above)?;
            File::open(body.path()).map(|opened| (body, opened))
        };
        let ((body, lock), made) = new_draft(&target, begin, |(_, opened)| opened)?;
        Ok(Self {
            path: path.to_owned(),
            target,
            body,
            replaces: is_output,
            _lock: lock,
            _made: [Some(made), out],
        })
    }

    /// The directory to put files into.
    pub(crate) fn directory(&self) -> &Path {
        self.body.path()
    }

    /// The fingerprint of the directory, whose files are on the disk then. Getting its final name does not change it.
    pub(crate) fn complete(&self) -> Result<Fingerprint, OutputError> {
        let failed = |source| unwritable(&self.path, source);
        let opened = File::open(self.body.path()).map_err(failed)?;
        rustix::fs::syncfs(&opened).map_err(|error| failed(error.into()))?;
        Fingerprint::of_directory(self.body.path()).map_err(failed)
    }

    /// Whether it takes the place of an earlier output.
    pub(crate) fn replaces_output(&self) -> bool {
        self.replaces
    }

    /// Gives the complete directory its final name.
    pub(crate) fn publish(self) -> Result<(), OutputError> {
        let failed = |source| unwritable(&self.path, source);
        self.take_place().map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => OutputError::Occupied {
                path: self.path.clone(),
            },
            _ => failed(error),
        })?;
        File::open(target::directory_of(&self.target))
            .and_then(|directory| directory.sync_all())
            .map_err(failed)
    }

    /// Gives the directory its final name. An earlier output gets the name of the draft in the same moment, and goes
    /// with it.
    fn take_place(&self) -> io::Result<()> {
        let (draft, target) = (self.body.path(), &self.target);
        if self.replaces {
            match renameat_with(CWD, draft, CWD, target, RenameFlags::EXCHANGE) {
                Ok(()) => return Ok(()),
                Err(Errno::NOENT) => {}
                // A file system that cannot exchange names.
                Err(Errno::INVAL | Errno::NOSYS) => fs::remove_dir_all(target)?,
                Err(error) => return Err(error.into()),
            }
        }
        fs::rename(draft, target)
    }
}

/// The place of a directory: links are followed, so that they stay.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Ok(there) if there.is_dir() => Ok(there),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            Ok(path.to_owned())
        }
        Err(error) => Err(error),
    }
}

/// Whether there is nothing but an empty directory at most.
fn is_vacant(target: &Path) -> io::Result<bool> {
    match fs::read_dir(target) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
