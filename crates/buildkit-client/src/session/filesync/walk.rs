//! The walk that announces the sent entries with their metadata: directories before their entries, names in the order
//! of their bytes.

use std::collections::BTreeMap;

use rustix::fs::FileType;

use super::declared::{Expected, Node};
use super::error::FileSyncError;
use super::filter::{DirMatch, Filter, Verdict};
use super::mode;
use super::packet::Stat;
use super::tree::{Dir, Entry, Tree};

/// The reason why a walk ended early.
pub(super) enum Stopped {
    /// A file cannot be sent.
    Failed(FileSyncError),
    /// The receiver is gone.
    Unwanted,
}

impl From<FileSyncError> for Stopped {
    fn from(error: FileSyncError) -> Self {
        Self::Failed(error)
    }
}

/// Calls `announce` for every entry that the filter lets through, and for the directories above it.
pub(super) fn walk(
    tree: &Tree,
    filter: &Filter,
    announce: impl FnMut(Stat) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    let mut walk = Walk {
        filter,
        announce,
        links: BTreeMap::new(),
        above: Vec::new(),
    };
    walk.dir(&tree.root()?, &DirMatch::default())
}

struct Walk<'tree, F> {
    filter: &'tree Filter,
    announce: F,
    /// The first path of every file that has several.
    links: BTreeMap<(u64, u64), Vec<u8>>,
    /// Directories that are announced only if one of their entries is; empty once they were.
    above: Vec<Option<Stat>>,
}

impl<F: FnMut(Stat) -> Result<(), Stopped>> Walk<'_, F> {
    fn dir(&mut self, dir: &Dir<'_>, matched: &DirMatch) -> Result<(), Stopped> {
        for name in dir.visible()? {
            let Some(entry) = dir.listed(&name)? else {
                continue;
            };
            let (verdict, below) = self.filter.decide(&entry.path, entry.is_dir(), matched);
            match verdict {
                Verdict::Prune => continue,
                Verdict::Send => self.send(dir, &entry)?,
                Verdict::Skip => {}
            }
            if entry.is_dir() {
                self.descend(dir, &entry, verdict, &below)?;
            }
        }
        Ok(())
    }

    fn descend(
        &mut self,
        dir: &Dir<'_>,
        entry: &Entry<'_>,
        verdict: Verdict,
        below: &DirMatch,
    ) -> Result<(), Stopped> {
        let held_back = if verdict == Verdict::Skip {
            Some(self.stat(dir, entry)?)
        } else {
            None
        };
        let child = match dir.open_dir(entry) {
            // The patterns want nothing of it.
            Err(FileSyncError::Read { source, .. })
                if verdict == Verdict::Skip
                    && source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                return Ok(());
            }
            child => child?,
        };
        self.above.push(held_back);
        self.dir(&child, below)?;
        self.above.pop();
        Ok(())
    }

    fn send(&mut self, dir: &Dir<'_>, entry: &Entry<'_>) -> Result<(), Stopped> {
        let stat = self.stat(dir, entry)?;
        for above in self.above.iter_mut().filter_map(Option::take) {
            (self.announce)(above)?;
        }
        (self.announce)(stat)
    }

    /// Mirrors `mkstat` and `setUnixOpt` in fsutil's `stat.go` and `stat_unix.go`. Owners are left at 0, as BuildKit's
    /// client does for local directories (`resetUIDAndGID` in `client/solve.go`).
    fn stat(&mut self, dir: &Dir<'_>, entry: &Entry<'_>) -> Result<Stat, FileSyncError> {
        let system = &entry.stat;
        let seconds = system.st_mtime.saturating_mul(1_000_000_000);
        let mut stat = Stat {
            path: entry.path.clone(),
            mode: mode::to_go(system.st_mode),
            mod_time: seconds.saturating_add(i64::try_from(system.st_mtime_nsec).unwrap_or(0)),
            ..Stat::default()
        };
        if !entry.is_dir() {
            stat.size = system.st_size;
        }
        match entry.declared {
            Some(declared) => check_declared(&mut stat, dir, entry, declared)?,
            None => self.undeclared(&mut stat, dir, entry)?,
        }
        Ok(stat)
    }

    /// Adds the metadata that is sent only of undeclared entries.
    fn undeclared(
        &mut self,
        stat: &mut Stat,
        dir: &Dir<'_>,
        entry: &Entry<'_>,
    ) -> Result<(), FileSyncError> {
        stat.xattrs = dir.xattrs(entry)?;
        match entry.file_type() {
            FileType::Directory => {}
            FileType::Symlink => stat.link_name = dir.link_target(entry)?,
            kind => {
                if matches!(kind, FileType::BlockDevice | FileType::CharacterDevice) {
                    stat.dev_major = rustix::fs::major(entry.stat.st_rdev).into();
                    stat.dev_minor = rustix::fs::minor(entry.stat.st_rdev).into();
                }
                if entry.stat.st_nlink > 1 {
                    self.hard_link(stat, entry);
                }
            }
        }
        Ok(())
    }

    fn hard_link(&mut self, stat: &mut Stat, entry: &Entry<'_>) {
        let file = (entry.stat.st_dev, entry.stat.st_ino);
        match self.links.get(&file) {
            Some(first) => stat.link_name.clone_from(first),
            None => {
                self.links.insert(file, entry.path.clone());
            }
        }
    }
}

/// Compares an entry with its declaration, and takes from the declaration what depends on the umask of the file's
/// writer. The content is compared when it is sent.
fn check_declared(
    stat: &mut Stat,
    dir: &Dir<'_>,
    entry: &Entry<'_>,
    declared: &Node,
) -> Result<(), FileSyncError> {
    let changed = |what| Err(FileSyncError::changed(&entry.path, what));
    match declared {
        Node::Dir(_) => stat.mode = mode::DECLARED_DIR,
        Node::Leaf(Expected::File { size, mode, sha256 }) => {
            stat.mod_time = time_of_content(sha256);
            stat.mode = mode::to_go(mode & 0o7777 | entry.stat.st_mode & !0o7777);
            if u64::try_from(entry.stat.st_size) != Ok(*size) {
                return changed("size");
            }
        }
        Node::Leaf(Expected::Symlink { target }) => {
            if dir.link_target(entry)? != *target {
                return changed("target");
            }
            stat.link_name.clone_from(target);
        }
    }
    Ok(())
}

/// A time that stands for a file's content, for daemons that compare metadata: files with equal times have equal
/// bytes, which a file's own time does not ensure. It is made of as much of the digest as every file system keeps:
/// seconds until 2038, and nanoseconds.
pub(super) fn time_of_content(sha256: &[u8; 32]) -> i64 {
    let number = |at: usize| {
        let bytes: [u8; 4] = std::array::from_fn(|index| sha256[at + index]);
        i64::from(u32::from_be_bytes(bytes))
    };
    (number(0) >> 1) * 1_000_000_000 + number(4) % 1_000_000_000
}

#[cfg(test)]
mod tests;
