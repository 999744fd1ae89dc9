//! One build at a time for each output of a directory: what is there is read, decided on and written under a lock.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use catalog::{ContextPath, RECORDS_DIRECTORY};
use rustix::fs::OFlags;

use crate::{
    output::{is_within, made::Made},
    record,
};

/// The pause between two looks at a lock: nothing tells when another process lets go.
const PAUSE: Duration = Duration::from_millis(50);

/// The most attempts in a row to make a lock file. Each time, another call has just let go of the one before and
/// removed it.
const MOST_ATTEMPTS: usize = 100;

/// The right to write one output of a directory and its record, against all other calls. It ends with its owner,
/// however that ends. Its file goes with it; the file of a killed process is taken over by the next owner.
///
/// It is no lock where there can be none: in a directory that cannot be written to, and in a file system without locks.
#[derive(Debug)]
pub struct OutputLock(Option<Held>);

#[derive(Debug)]
struct Held {
    /// Locked, and the file that has the path.
    _file: File,
    path: PathBuf,
    directory: Arc<OutputDirectory>,
}

/// A directory in which outputs are locked. Made for their locks, it goes with the last of them when it is empty.
#[derive(Debug)]
pub struct OutputDirectory {
    path: PathBuf,
    _made: Made,
}

impl OutputDirectory {
    /// The directory at `path`, which need not be there yet.
    pub fn new(path: &Path) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            _made: Made::on_the_way_to(path),
        })
    }
}

/// The call was given up while it waited.
#[derive(Debug, thiserror::Error)]
#[error("given up while another build wrote the same output")]
pub struct GivenUp;

impl OutputLock {
    /// Locks `output` in `directory`. A caller that locks several does so in the order of their paths, so that no two
    /// calls wait for each other.
    ///
    /// `tell` is told once that another build is waited for; the wait ends when `is_given_up`.
    pub fn acquire(
        directory: &Arc<OutputDirectory>,
        output: &ContextPath,
        tell: &dyn Fn(String),
        is_given_up: &dyn Fn() -> bool,
    ) -> Result<Self, GivenUp> {
        let mut is_told = false;
        loop {
            if let Some(lock) = Self::try_acquire(directory, output) {
                return Ok(lock);
            }
            if is_given_up() {
                return Err(GivenUp);
            }
            if !is_told {
                let path = directory.path.join(output.as_str());
                tell(format!("waiting for another build of `{}`", path.display()));
                is_told = true;
            }
            thread::sleep(PAUSE);
        }
    }

    /// The lock, unless another call has it, or others make and remove its file all the time.
    pub(crate) fn try_acquire(
        directory: &Arc<OutputDirectory>,
        output: &ContextPath,
    ) -> Option<Self> {
        let path = record::lock_path(&directory.path, output);
        let mut is_made = false;
        for _ in 0..MOST_ATTEMPTS {
            let file = match lock_file(&directory.path, &path) {
                Ok(file) => file,
                // Its directory was empty, and was removed in the moment before.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                // Writing the output gives the error about its directory.
                Err(_) => return Some(Self(None)),
            };
            is_made = true;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return None,
                // The lock is not refused because it is taken: waiting would not help.
                Err(TryLockError::Error(_)) => return Some(Self(None)),
                Ok(()) => {}
            }
            // The one who had it may have removed the file in the moment before.
            if file.metadata().is_ok_and(|found| found.nlink() > 0) {
                return Some(Self(Some(Held {
                    _file: file,
                    path,
                    directory: Arc::clone(directory),
                })));
            }
        }
        // A file that could never be made is not removed by others either: nobody can have the lock.
        (!is_made).then_some(Self(None))
    }

    /// Whether there is a lock; not where nobody can have one.
    pub(crate) fn is_held(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Held {
    /// Removes the file, and the directories of records that have nothing else in them. What cannot be removed is in
    /// nobody's way.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let records = self.directory.path.join(RECORDS_DIRECTORY);
        let emptied = self.path.ancestors().skip(1);
        for directory in emptied.take_while(|directory| directory.starts_with(&records)) {
            if fs::remove_dir(directory).is_err() {
                break;
            }
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

#[cfg(test)]
mod tests {
    use catalog::{Apt, Artifact, Catalog, Inputs, Plan, PlanOptions, Request};

    use super::*;

    fn plans(names: [&str; 3]) -> Vec<Plan> {
        let catalog = names.iter().fold(Catalog::new(), |catalog, name| {
            catalog.artifact(Artifact::rootfs(name, "debian:12").step(Apt::install(["git"])))
        });
        let catalog = catalog.check().unwrap();
        let request = Request {
            artifacts: vec!["all".into()],
            platforms: vec!["linux/amd64".parse().unwrap()],
            ..Request::default()
        };
        let variants = catalog.select(&request).unwrap();
        let options = PlanOptions::default();
        let plan = |variant| catalog.plan(variant, &Inputs::default(), options.clone());
        variants
            .iter()
            .map(|variant| plan(variant).unwrap())
            .collect()
    }

    /// Nothing can be made in `/proc`, which is told as if it were not there. Writing the output gives the error.
    #[test]
    fn nobody_waits_where_no_lock_can_be() {
        let directory = OutputDirectory::new(Path::new("/proc/llbgen"));
        let plans = plans(["a", "b", "c"]);
        let lock = OutputLock::try_acquire(&directory, &plans[0].output);
        assert!(lock.is_some_and(|lock| !lock.is_held()));
    }

    #[test]
    fn a_directory_that_was_made_for_locks_goes_with_the_last_one() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("deep/out");
        let plans = plans(["a", "b", "x/c"]);
        let locked = || {
            let directory = OutputDirectory::new(&out);
            let lock = |plan: &Plan| OutputLock::try_acquire(&directory, &plan.output).unwrap();
            plans.iter().map(lock).collect::<Vec<_>>()
        };
        let locks = locked();
        assert!(out.join(RECORDS_DIRECTORY).is_dir() && locks.iter().all(OutputLock::is_held));
        for lock in locks {
            drop(lock);
        }
        assert!(!parent.path().join("deep").exists());
        // One that was there stays, and one with an output in it.
        fs::create_dir_all(&out).unwrap();
        drop(locked());
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
        fs::remove_dir(&out).unwrap();
        let locks = locked();
        fs::write(out.join("a.tar"), "").unwrap();
        drop(locks);
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    }
}
