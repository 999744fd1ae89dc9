//! Directories for files that are handed on once they are complete.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use tempfile::TempDir;

/// The beginning and the end of such directories' names.
const NAME: (&str, &str) = ("llbgen-", ".kept");

/// A directory of its own with its files, which goes with its owner. The directory of a killed process is known by its
/// lock, which ended with the process: [`sweep`] removes it.
#[derive(Debug)]
pub(crate) struct Kept {
    directory: TempDir,
    /// Locked.
    _lock: File,
}

impl Kept {
    /// Makes one among the temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(parent: &Path) -> io::Result<Self> {
        loop {
            let directory = tempfile::Builder::new()
                .prefix(NAME.0)
                .suffix(NAME.1)
                .tempdir_in(parent)?;
            let lock = File::open(directory.path())?;
            // Where there are no locks, nobody can take a directory for one without an owner, either.
            let _ = lock.lock();
            // Another process may have swept it away in the moment before.
            if directory.path().is_dir() {
                return Ok(Self {
                    directory,
                    _lock: lock,
                });
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the user's own directories without an owner from the temporary files. Each build does so, wherever its
/// outputs go: it may be the only build after the killed one.
pub(crate) fn sweep() {
    sweep_in(&std::env::temp_dir());
}

/// A directory that cannot be looked at or removed stays for the next time.
fn sweep_in(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_kept = name
            .to_str()
            .is_some_and(|name| name.starts_with(NAME.0) && name.ends_with(NAME.1));
        // Links are not followed: `metadata` of an entry is that of the link.
        let is_mine = is_kept
            && entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && Some(found.uid()) == own_user());
        if is_mine
            && let Ok(directory) = File::open(entry.path())
            && directory.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The user that this process runs as, who owns the files that it makes.
fn own_user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|process| process.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_has_left_goes_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        for name in ["llbgen-abc.kept", "llbgen-abc", "other.kept"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("output"), "half").unwrap();
        }
        std::os::unix::fs::symlink("other.kept", path("llbgen-link.kept")).unwrap();
        let mine = Kept::new_in(parent.path()).unwrap();
        fs::write(mine.path().join("output"), "mine").unwrap();
        let other = Kept::new_in(parent.path()).unwrap();
        sweep_in(parent.path());
        assert!(!path("llbgen-abc.kept").exists());
        for stays in ["llbgen-abc", "other.kept", "llbgen-link.kept"] {
            assert!(path(stays).join("output").exists(), "{stays}");
        }
        assert!(mine.path().join("output").exists());
        let gone = (mine.path().to_owned(), other.path().to_owned());
        drop((mine, other));
        assert!(!gone.0.exists() && !gone.1.exists());
    }
}
