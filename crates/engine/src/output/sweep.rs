//! Drafts of killed processes: known by their locks, which end with their owners.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use super::{RANDOM, SUFFIX};
use crate::unlockable::is_unsupported;

/// Locks a new draft; false when somebody swept it away in the moment before.
pub(super) fn own(draft: &File) -> io::Result<bool> {
    match draft.lock() {
        // Where a file system has no locks, nobody can take a draft for one without an owner either.
        Err(error) if is_unsupported(&error) => Ok(true),
        locked => locked.and_then(|()| Ok(draft.metadata()?.nlink() > 0)),
    }
}

/// Removes drafts whose owners are gone. One that cannot be looked at or removed stays for the next time: it is in
/// nobody's way.
pub(super) fn sweep(directory: &Path, prefix: &str) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_draft(&entry.file_name(), prefix)) {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let draft = match kind {
            _ if kind.is_dir() => File::open(entry.path()),
            _ if kind.is_file() => File::options().read(true).write(true).open(entry.path()),
            _ => continue,
        };
        // The lock is held until the draft is gone, so that its maker sees that it is.
        if draft.is_ok_and(|draft| draft.try_lock().is_ok()) {
            let _ = if kind.is_dir() {
                fs::remove_dir_all(entry.path())
            } else {
                fs::remove_file(entry.path())
            };
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
