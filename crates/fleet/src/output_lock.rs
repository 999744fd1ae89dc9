//! One build at a time for each output of a directory: what is there is read, decided on and written under a lock.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use catalog::Plan;
use rustix::{
    fs::OFlags,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

use crate::{output::is_within, record};

/// How long to wait between two looks at a lock: nothing tells when another process lets go.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a lock file is made again at once. Each time, another call has just let go of the one before and removed it.
const MOST_ATTEMPTS: usize = 100;

/// The right to write one output of a directory and its record, against all other calls. It ends with its owner, however
/// that ends; its file goes with it, but for that of a killed process, which the next one takes over.
///
/// It is no lock where there can be none: in a directory that cannot be written to, and in a file system without locks.
#[derive(Debug)]
pub struct OutputLock(Option<Held>);

#[derive(Debug)]
struct Held {
    /// Locked, and the file that has the path.
    _file: File,
    path: PathBuf,
    /// The output directory.
    directory: PathBuf,
    /// Whether the output directory was made for the lock: a build that fails leaves none behind.
    is_made: bool,
}

/// The call was given up while it waited.
#[derive(Debug, thiserror::Error)]
#[error("given up while another build wrote the same output")]
pub struct GivenUp;

impl OutputLock {
    /// Locks the output of `plan` in `directory`. Whoever locks several does so in the order of their paths, so that no
    /// two calls wait for each other.
    ///
    /// `tell` is told once that another build is waited for; the wait ends when `is_given_up`.
    pub fn acquire(
        directory: &Path,
        plan: &Plan,
        tell: &dyn Fn(String),
        is_given_up: &dyn Fn() -> bool,
    ) -> Result<Self, GivenUp> {
        let mut is_told = false;
        loop {
            if let Some(lock) = Self::try_acquire(directory, plan) {
                return Ok(lock);
            }
            if is_given_up() {
                return Err(GivenUp);
            }
            if !is_told {
                let path = directory.join(plan.output.as_str());
                tell(format!("waiting for another build of `{}`", path.display()));
                is_told = true;
            }
            thread::sleep(PAUSE);
        }
    }

    /// The lock, unless another call has it.
    pub(crate) fn try_acquire(directory: &Path, plan: &Plan) -> Option<Self> {
        let path = record::lock_path(directory, plan);
        let is_made = !directory.exists();
        for _ in 0..MOST_ATTEMPTS {
            let file = match lock_file(directory, &path) {
                Ok(file) => file,
                // Its directory was empty, and was removed in the moment before.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                // Whoever writes the output says what is wrong with its directory.
                Err(_) => break,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return None,
                // It is not refused because it is taken, so that waiting would not help.
                Err(TryLockError::Error(_)) => break,
                Ok(()) => {}
            }
            // The one who had it may have removed the file in the moment before.
            if file.metadata().is_ok_and(|found| found.nlink() > 0) {
                return Some(Self(Some(Held {
                    _file: file,
                    path,
                    directory: directory.to_owned(),
                    is_made,
                })));
            }
        }
        Some(Self(None))
    }

    /// Whether there is a lock, and not just nobody who could have one.
    pub(crate) fn is_held(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Held {
    /// Removes the file, and the directories of records that have nothing else in them. What cannot be removed is in
    /// nobody's way.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let records = self.directory.join(record::RECORDS);
        let emptied = self.path.ancestors().skip(1);
        for directory in emptied.take_while(|directory| directory.starts_with(&records)) {
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
        if self.is_made {
            // Not when there is an output in it.
            let _ = fs::remove_dir(&self.directory);
        }
    }
}

/// The file at `path`, made when it is not there; not behind a link out of `directory`.
fn lock_file(directory: &Path, path: &Path) -> io::Result<File> {
    fs::create_dir_all(directory)?;
    if !is_within(directory, path)? {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = File::options();
    options.append(true).create(true);
    options.custom_flags(flags.bits().cast_signed());
    options.open(path)
}

/// Allows as many open files as the system lets this process have: every output that is built has a lock and a draft.
pub fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Where it is refused, a build of very many outputs says which file could not be opened.
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: maximum,
                maximum,
            },
        );
    }
}
