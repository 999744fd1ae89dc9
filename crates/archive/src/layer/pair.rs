//! A comparison of one path in both trees: whether its entries in canonical tars would be equal.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Stat, readlinkat};

use super::LayerError;
use crate::entry::Xattrs;
use crate::path::EntryPath;
use crate::walk::{open_directory, open_file};
use crate::xattr;

/// A path in one of the trees.
pub(super) struct Side<'a> {
    pub(super) directory: BorrowedFd<'a>,
    pub(super) member: (&'a CStr, &'a Stat),
    pub(super) tree: &'static str,
}

/// The size of the pieces in which files are compared.
const BUFFER: usize = 128 * 1024;

impl Side<'_> {
    fn name(&self) -> &CStr {
        self.member.0
    }

    fn stat(&self) -> &Stat {
        self.member.1
    }

    fn unreadable(&self, path: &EntryPath, source: impl Into<io::Error>) -> LayerError {
        LayerError::Read {
            tree: self.tree,
            path: path.to_string(),
            source: source.into(),
        }
    }

    pub(super) fn open_directory(&self, path: &EntryPath) -> Result<OwnedFd, LayerError> {
        open_directory(self.directory, self.name()).map_err(|error| self.unreadable(path, error))
    }

    fn open_file(&self, path: &EntryPath) -> Result<File, LayerError> {
        let file = open_file(self.directory, self.name());
        Ok(File::from(
            file.map_err(|error| self.unreadable(path, error))?,
        ))
    }

    fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.stat().st_mode)
    }

    fn seconds(&self) -> i64 {
        self.stat().st_mtime
    }

    fn xattrs(&self, path: &EntryPath) -> Result<Xattrs, LayerError> {
        let xattrs = match self.file_type() {
            FileType::Directory => xattr::of_open(self.open_directory(path)?.as_fd()),
            FileType::RegularFile => xattr::of_open(self.open_file(path)?.as_fd()),
            _ => xattr::of_name(self.directory, self.name()),
        };
        xattrs.map_err(|error| self.unreadable(path, error))
    }

    fn target(&self, path: &EntryPath) -> Result<Vec<u8>, LayerError> {
        match readlinkat(self.directory, self.name(), Vec::new()) {
            Ok(target) => Ok(target.into_bytes()),
            Err(error) => Err(self.unreadable(path, error)),
        }
    }
}

/// Whether two files of one type are the same.
pub(super) fn is_same(
    base: &Side<'_>,
    whole: &Side<'_>,
    path: &EntryPath,
) -> Result<bool, LayerError> {
    let facts = |side: &Side<'_>| {
        let stat = side.stat();
        (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid)
    };
    if facts(base) != facts(whole) {
        return Ok(false);
    }
    let kind = whole.file_type();
    if kind != FileType::Directory && base.seconds() != whole.seconds() {
        return Ok(false);
    }
    if kind == FileType::RegularFile && base.stat().st_size != whole.stat().st_size {
        return Ok(false);
    }
    if base.xattrs(path)? != whole.xattrs(path)? {
        return Ok(false);
    }
    match kind {
        FileType::Symlink => Ok(base.target(path)? == whole.target(path)?),
        FileType::RegularFile => same_content(base, whole, path),
        FileType::CharacterDevice | FileType::BlockDevice => {
            Ok(base.stat().st_rdev == whole.stat().st_rdev)
        }
        _ => Ok(true),
    }
}

fn same_content(base: &Side<'_>, whole: &Side<'_>, path: &EntryPath) -> Result<bool, LayerError> {
    let (mut old, mut new) = (base.open_file(path)?, whole.open_file(path)?);
    let (mut before, mut after) = (vec![0; BUFFER], vec![0; BUFFER]);
    loop {
        let read =
            read_full(&mut old, &mut before).map_err(|error| base.unreadable(path, error))?;
        let now = read_full(&mut new, &mut after).map_err(|error| whole.unreadable(path, error))?;
        if before[..read] != after[..now] {
            return Ok(false);
        }
        if read < BUFFER {
            return Ok(true);
        }
    }
}

/// Fills `buffer` as far as the file goes.
fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read(&mut buffer[done..]) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
