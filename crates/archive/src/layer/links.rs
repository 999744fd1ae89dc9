//! Files with several names: either all names of a file are in the layer, or none.

use std::collections::{BTreeMap, BTreeSet};

use rustix::fs::{FileType, Stat};

use super::changes::Changes;
use crate::path::EntryPath;

/// The identity of a file, whatever its names.
type Inode = (u64, u64);

/// The names of files that have several, in either tree.
#[derive(Debug, Default)]
pub(super) struct Links {
    base: BTreeMap<EntryPath, Inode>,
    whole: BTreeMap<Inode, BTreeSet<EntryPath>>,
    whole_of: BTreeMap<EntryPath, Inode>,
}

/// Hard links to a symbolic link are separate links, as in every canonical tar.
fn has_several(stat: &Stat) -> bool {
    stat.st_nlink > 1 && FileType::from_raw_mode(stat.st_mode) != FileType::Symlink
}

impl Links {
    pub(super) fn of_base(&mut self, stat: &Stat, path: &EntryPath) {
        if has_several(stat) {
            self.base.insert(path.clone(), (stat.st_dev, stat.st_ino));
        }
    }

    pub(super) fn of_whole(&mut self, stat: &Stat, path: &EntryPath) {
        if has_several(stat) {
            let inode = (stat.st_dev, stat.st_ino);
            self.whole.entry(inode).or_default().insert(path.clone());
            self.whole_of.insert(path.clone(), inode);
        }
    }

    /// The names that are written because another name of the same file is, or because the names of one file are those
    /// of several files now.
    pub(super) fn changed(&self, changes: &Changes) -> BTreeSet<EntryPath> {
        let mut written = BTreeSet::new();
        for names in self.whole.values() {
            let is_written = names.iter().any(|name| changes.has(name));
            // Names of different files in the base are names of one file now.
            let files: BTreeSet<Option<&Inode>> =
                names.iter().map(|name| self.base.get(name)).collect();
            let is_joined = files.len() > 1 || (names.len() > 1 && files.contains(&None));
            if is_written || is_joined {
                written.extend(names.iter().cloned());
            }
        }
        let mut parted: BTreeMap<&Inode, BTreeSet<Option<&Inode>>> = BTreeMap::new();
        let mut alone: BTreeMap<&Inode, usize> = BTreeMap::new();
        for (name, inode) in &self.base {
            if changes.has(name) {
                continue;
            }
            let now = self.whole_of.get(name);
            parted.entry(inode).or_default().insert(now);
            *alone.entry(inode).or_default() += usize::from(now.is_none());
        }
        for (name, inode) in &self.base {
            let is_parted = parted.get(inode).is_some_and(|files| files.len() > 1)
                || alone.get(inode).is_some_and(|count| *count > 1);
            if is_parted {
                written.insert(name.clone());
                // The other names of the same file are written too.
                if let Some(names) = self.whole_of.get(name).and_then(|now| self.whole.get(now)) {
                    written.extend(names.iter().cloned());
                }
            }
        }
        written
    }
}
