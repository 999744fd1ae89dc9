//! Two locks make the daemon shareable: the gate, held while anything is decided, and the users' lock, held together by
//! all users of the daemon.
//!
//! Both are advisory `flock`s on files that are never deleted: they end with the process that holds them, however it
//! ends, and need no clean-up. Nobody waits for the users' lock: it is taken and tested only behind the gate.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::oneshot;

/// The right to start, join, leave or stop. One holder at a time; the others wait.
#[derive(Debug)]
pub(super) struct Gate(File);

/// A place among the users of the daemon.
#[derive(Debug)]
pub(super) struct User(File);

/// A lock file cannot be opened or locked.
#[derive(Debug, thiserror::Error)]
#[error("cannot lock `{}`", path.display())]
pub struct LockError {
    /// The lock file.
    path: PathBuf,
    /// What the system says.
    #[source]
    source: io::Error,
}

/// Whether a newcomer is the only user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// No other process uses the daemon.
    Alone,
    /// Others do.
    Others,
}

impl Gate {
    /// Waits for the gate, on this thread.
    pub(super) fn lock(path: &Path) -> Result<Self, LockError> {
        let file = open(path)?;
        file.lock().map_err(|source| LockError {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self(file))
    }

    /// Waits for the gate; dropping the future gives up.
    ///
    /// The wait has a thread of its own and not one of the runtime's, so that a process that is told to end while
    /// another one holds the gate does not have to wait for it.
    pub(super) async fn wait(path: &Path) -> Result<Self, LockError> {
        let (send, receive) = oneshot::channel();
        let owned = path.to_owned();
        thread::spawn(move || {
            // When nobody receives, the gate comes back in the error and is dropped, which opens it.
            drop(send.send(Self::lock(&owned)));
        });
        match receive.await {
            Ok(result) => result,
            Err(_) => Err(LockError {
                path: path.to_owned(),
                source: io::ErrorKind::Interrupted.into(),
            }),
        }
    }
}

impl User {
    /// Joins the users, and tells whether there were others. The gate must be held.
    pub(super) fn join(path: &Path) -> Result<(Self, Company), LockError> {
        let failed = |source| LockError {
            path: path.to_owned(),
            source,
        };
        let file = open(path)?;
        let company = match file.try_lock() {
            Ok(()) => Company::Alone,
            Err(TryLockError::WouldBlock) => Company::Others,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        file.lock_shared().map_err(failed)?;
        Ok((Self(file), company))
    }

    /// Whether nobody else uses the daemon. The gate must be held, and the place is given up next: when there are
    /// others, the kernel may have dropped this lock in the attempt to make it exclusive.
    pub(super) fn is_last(&self, path: &Path) -> Result<bool, LockError> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(LockError {
                path: path.to_owned(),
                source,
            }),
        }
    }
}

// Closing a file unlocks it only when no other process has a copy of the descriptor. A child that another thread is
// just starting has one until it executes its program.
impl Drop for Gate {
    fn drop(&mut self) {
        // A lock that cannot be undone ends when the file closes, next.
        drop(self.0.unlock());
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // As for the gate.
        drop(self.0.unlock());
    }
}

fn open(path: &Path) -> Result<File, LockError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| LockError {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.lock");
        let (first, company) = User::join(&path).unwrap();
        assert_eq!(company, Company::Alone);
        let (second, company) = User::join(&path).unwrap();
        assert_eq!(company, Company::Others);
        assert!(!second.is_last(&path).unwrap());
        drop(second);
        assert!(first.is_last(&path).unwrap());
        drop(first);
        assert_eq!(User::join(&path).unwrap().1, Company::Alone);
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_leaves_the_gate_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gate.lock");
        let held = Gate::lock(&path).unwrap();
        let mut wait = Box::pin(Gate::wait(&path));
        tokio::select! {
            biased;
            _ = &mut wait => panic!("the gate is held"),
            () = std::future::ready(()) => {}
        }
        drop(wait);
        drop(held);
        Gate::wait(&path).await.unwrap();
    }
}
