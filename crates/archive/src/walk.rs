//! Walks a directory tree in canonical order by file descriptors, so that no link can lead out of it.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::vec;

use rustix::fs::{CWD, Dir, Mode, OFlags, openat};

use crate::path::EntryPath;

/// The walk: one open directory for each level of the current path.
#[derive(Debug)]
pub(crate) struct Walk {
    open: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    directory: OwnedFd,
    /// The path of the directory with a closing slash; empty for the root.
    prefix: Vec<u8>,
    names: vec::IntoIter<CString>,
}

/// Something in the tree: `name` in `directory`.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) directory: BorrowedFd<'a>,
    pub(crate) name: CString,
    pub(crate) path: EntryPath,
}

impl Walk {
    /// Starts at `root`, which itself may be a link to a directory.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self::of(openat(CWD, root, flags, Mode::empty())?)
    }

    /// Starts at an open directory.
    pub(crate) fn of(directory: OwnedFd) -> io::Result<Self> {
        let mut walk = Self { open: Vec::new() };
        walk.push(directory, Vec::new())?;
        Ok(walk)
    }

    /// The next step in canonical order, if there is one.
    pub(crate) fn next(&mut self) -> Option<Step<'_>> {
        let name = loop {
            match self.open.last_mut()?.names.next() {
                Some(name) => break name,
                None => self.open.pop(),
            };
        };
        let level = self.open.last()?;
        let path = [level.prefix.as_slice(), name.to_bytes()].concat();
        Some(Step {
            directory: level.directory.as_fd(),
            path: EntryPath::of_walk(path),
            name,
        })
    }

    /// Enters `directory`, which is the last step, before its siblings.
    pub(crate) fn enter(&mut self, directory: OwnedFd, path: &EntryPath) -> io::Result<()> {
        self.push(directory, [path.as_bytes(), b"/"].concat())
    }

    fn push(&mut self, directory: OwnedFd, prefix: Vec<u8>) -> io::Result<()> {
        let names = sorted_names(directory.as_fd())?.into_iter();
        self.open.push(Level {
            directory,
            prefix,
            names,
        });
        Ok(())
    }
}

/// Opens the directory `name`; a link in its place is an error.
pub(crate) fn open_directory(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(directory, name, flags, Mode::empty())?)
}

/// Opens the regular file `name`; a link in its place is an error, and a pipe in its place does not block.
pub(crate) fn open_file(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(openat(directory, name, flags, Mode::empty())?)
}

pub(crate) fn sorted_names(directory: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.as_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    // The canonical order: siblings in the order of their bytes, each followed by its own entries.
    names.sort_unstable();
    Ok(names)
}
