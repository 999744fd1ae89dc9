//! Unpacks a tar as plain files of the caller.

use std::io::{BufReader, Read};
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::PlaceError;
use super::dress::{Dress, Time};
use super::root::Root;
use super::tree::{Special, Tree};
use super::unpack::{BUFFER, fill};
use crate::entry::{Entry, Kind, Xattrs};
use crate::path::printable;
use crate::stream::Members;

/// The bits of a mode that give a program the rights of its owner or group.
const PRIVILEGES: u32 = 0o6000;

/// The rights that an owner always has: to read and write its own files, and to enter its own directories.
const OWN_FILE: u32 = 0o600;
const OWN_DIRECTORY: u32 = 0o700;

/// The numbers of files that have lost something on the way out of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Files that were set-user-ID or set-group-ID.
    pub privileges: u64,
    /// Files with extended attributes, such as capabilities.
    pub attributes: u64,
}

/// Unpacks the tar `reader` into the directory `target`, which is empty. Everything belongs to the caller, who may
/// always read, write and enter it; set-user-ID and set-group-ID bits and extended attributes, which would mean
/// something else with another owner, are left out and counted. Other bits of the mode and times are kept.
///
/// # Errors
/// When the tar is damaged, holds a device or a pipe, or has a path that leads out of it; when `target` cannot be
/// written to. What was unpacked until then is incomplete.
pub fn unpack_plain(reader: impl Read, target: &Path) -> Result<LeftOut, PlaceError> {
    let root = Root::open(target).map_err(|source| PlaceError::Root {
        root: target.to_owned(),
        source,
    })?;
    let mut tree = Tree::new(root);
    let mut left_out = LeftOut::default();
    let mut members = Members::new(BufReader::with_capacity(BUFFER, reader));
    while let Some(member) = members.next()? {
        let entry = Entry::try_from(member)?;
        let path = entry.path.as_bytes();
        let dress = dress(&entry, &mut left_out);
        match &entry.kind {
            Kind::Directory => tree.directory(path, &dress)?,
            Kind::File { .. } => {
                tree.file(path, &dress, |file| fill(file, path, &mut members))?;
            }
            Kind::Symlink { target } => {
                tree.special(path, &dress, &Special::Symlink(target.clone()))?;
            }
            Kind::HardLink { target } => tree.hard_link(path, target.as_bytes())?,
            Kind::Fifo => return Err(not_plain(path, "pipe")),
            Kind::Device { .. } => return Err(not_plain(path, "device")),
        }
    }
    tree.finish()?;
    Ok(left_out)
}

fn not_plain(path: &[u8], what: &'static str) -> PlaceError {
    PlaceError::NotPlain {
        path: printable(path),
        what,
    }
}

fn dress(entry: &Entry, left_out: &mut LeftOut) -> Dress {
    let own = match entry.kind {
        Kind::Directory => OWN_DIRECTORY,
        _ => OWN_FILE,
    };
    // The mode of a link says nothing, and a hard link has that of its file.
    let is_own = matches!(entry.kind, Kind::File { .. } | Kind::Directory);
    left_out.privileges += u64::from(is_own && entry.mode & PRIVILEGES != 0);
    left_out.attributes += u64::from(!entry.xattrs.is_empty());
    Dress {
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
        mode: entry.mode & !PRIVILEGES | own,
        time: Time {
            seconds: entry.mtime,
            nanoseconds: 0,
        },
        xattrs: Xattrs::new(),
    }
}
