//! The lock on disk: `llbgen.lock` in the context directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use catalog::{LOCK_FILE, Lock, LockError};

use crate::output::{Draft, OutputError};

/// Why the lock cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LockFileError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: OutputError,
    },
    /// It does not say what a lock says.
    #[error("the lock of the context directory `{}` cannot be used", context.display())]
    Content {
        /// The context directory.
        context: PathBuf,
        /// What is wrong with it.
        #[source]
        source: LockError,
    },
}

/// Reads the lock of a context directory; an empty one when there is none.
pub fn read(context: &Path) -> Result<Lock, LockFileError> {
    let path = context.join(LOCK_FILE);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(source) => Err(LockFileError::Read { path, source }),
        Ok(bytes) => Lock::from_bytes(&bytes).map_err(|source| LockFileError::Content {
            context: context.to_owned(),
            source,
        }),
    }
}

/// Writes the lock of a context directory, whole or not at all; whether its bytes changed.
pub fn write(context: &Path, lock: &Lock) -> Result<bool, LockFileError> {
    let path = context.join(LOCK_FILE);
    let text = lock.to_text();
    if is_written(context, lock) {
        return Ok(false);
    }
    let written = Draft::create(&path).and_then(|draft| draft.publish_bytes(text.as_bytes()));
    match written {
        Ok(()) => Ok(true),
        Err(source) => Err(LockFileError::Write { path, source }),
    }
}

/// Whether writing the lock would change no byte.
pub fn is_written(context: &Path, lock: &Lock) -> bool {
    match fs::read(context.join(LOCK_FILE)) {
        Ok(bytes) => bytes == lock.to_text().as_bytes(),
        Err(_) => false,
    }
}
