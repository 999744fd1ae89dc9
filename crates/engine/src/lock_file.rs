//! The lock on disk: `llbgen.lock` in the context directory.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use catalog::{LOCK_FILE, Lock, LockError};

use crate::{
    context_file,
    output::{Draft, OutputError},
    unlockable::is_unsupported,
};

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
    /// It cannot be locked against other calls.
    #[error("cannot lock the context directory `{}`", context.display())]
    Lock {
        /// The context directory.
        context: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its content is not that of a lock.
    #[error("the lock of the context directory `{}` cannot be used", context.display())]
    Content {
        /// The context directory.
        context: PathBuf,
        /// What is wrong with it.
        #[source]
        source: LockError,
    },
}

/// A lock as it is on the disk now.
#[derive(Debug)]
pub struct Written {
    /// Its pins, including those of other calls.
    pub lock: Lock,
    /// Whether its bytes changed.
    pub changed: bool,
}

/// Reads the lock of a context directory; an empty one when there is none.
pub fn read(context: &Path) -> Result<Lock, LockFileError> {
    match bytes(context)? {
        None => Ok(Lock::default()),
        Some(bytes) => Lock::from_bytes(&bytes).map_err(|source| LockFileError::Content {
            context: context.to_owned(),
            source,
        }),
    }
}

/// Writes the changes from `base`, the lock that this call has read, to `new`. They are applied to what other calls
/// have written since, whole or not at all. Calls wait for each other.
pub fn write(context: &Path, base: &Lock, new: &Lock) -> Result<Written, LockFileError> {
    let failed = |source| LockFileError::Lock {
        context: context.to_owned(),
        source,
    };
    // The directory is locked, not the file: each call replaces the file.
    let directory = File::open(context).map_err(failed)?;
    match directory.lock() {
        Err(error) if !is_unsupported(&error) => return Err(failed(error)),
        _ => {}
    }
    let lock = new.rebased(base, &read(context)?);
    if is_written(context, &lock)? {
        return Ok(Written {
            lock,
            changed: false,
        });
    }
    let path = context.join(LOCK_FILE);
    let draft = Draft::create(&path).and_then(Draft::with_permissions_kept);
    match draft.and_then(|draft| draft.publish_bytes(lock.to_text().as_bytes())) {
        Ok(()) => Ok(Written {
            lock,
            changed: true,
        }),
        Err(source) => Err(LockFileError::Write { path, source }),
    }
}

/// Whether writing the lock would change no byte.
pub fn is_written(context: &Path, lock: &Lock) -> Result<bool, LockFileError> {
    Ok(bytes(context)?.is_some_and(|bytes| bytes == lock.to_text().as_bytes()))
}

fn bytes(context: &Path) -> Result<Option<Vec<u8>>, LockFileError> {
    context_file::read(context, LOCK_FILE).map_err(|source| LockFileError::Read {
        path: context.join(LOCK_FILE),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    fn pinning(name: &str) -> Lock {
        let mut lock = Lock::default();
        let digest = format!("sha256:{}", "a".repeat(64));
        lock.set_http(
            &format!("https://example.com/{name}"),
            digest.parse().unwrap(),
        );
        lock
    }

    #[test]
    fn calls_at_once_lose_no_pin() {
        let directory = tempfile::tempdir().unwrap();
        let context = directory.path();
        for round in 0..20 {
            let names: Vec<String> = (0..4).map(|call| format!("{round}-{call}")).collect();
            let base = read(context).unwrap();
            std::thread::scope(|scope| {
                for name in &names {
                    let mut new = base.clone();
                    let digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
                    new.set_http(name, digest);
                    let base = &base;
                    scope.spawn(move || write(context, base, &new).unwrap());
                }
            });
            let lock = read(context).unwrap();
            assert!(names.iter().all(|name| lock.http(name).is_some()));
            assert_eq!(lock.count().downloads, (round + 1) * 4);
        }
    }

    #[test]
    fn a_link_stays_a_link_and_a_mode_a_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir(path("deep")).unwrap();
        fs::write(path("deep/real.lock"), Lock::default().to_text()).unwrap();
        fs::set_permissions(path("deep/real.lock"), Permissions::from_mode(0o600)).unwrap();
        symlink("deep/real.lock", path(LOCK_FILE)).unwrap();
        let written = write(directory.path(), &Lock::default(), &pinning("a")).unwrap();
        assert!(written.changed);
        assert!(fs::symlink_metadata(path(LOCK_FILE)).unwrap().is_symlink());
        let mode = fs::metadata(path("deep/real.lock")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        assert_eq!(read(directory.path()).unwrap(), pinning("a"));
        let again = write(directory.path(), &pinning("a"), &pinning("a")).unwrap();
        assert!(!again.changed);
    }

    #[test]
    fn what_is_no_file_of_the_context_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let context = directory.path().join("context");
        fs::create_dir(&context).unwrap();
        let outside = directory.path().join("outside");
        fs::write(&outside, "precious").unwrap();
        for target in [&*outside, Path::new("/dev/zero"), Path::new("../gone")] {
            symlink(target, context.join(LOCK_FILE)).unwrap();
            assert!(read(&context).is_err(), "{}", target.display());
            assert!(write(&context, &Lock::default(), &pinning("a")).is_err());
            fs::remove_file(context.join(LOCK_FILE)).unwrap();
        }
        assert_eq!(fs::read(&outside).unwrap(), b"precious");
        let fifo = context.join(LOCK_FILE);
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, kind, mode, 0).unwrap();
        assert!(read(&context).is_err());
        assert!(write(&context, &Lock::default(), &pinning("a")).is_err());
    }
}
