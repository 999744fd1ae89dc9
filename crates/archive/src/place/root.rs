//! Paths inside a tree, resolved as if the tree's root were `/`: links are followed, and none leads out of the tree.

use std::collections::VecDeque;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};
use rustix::io::{Errno, dup};

use crate::walk::open_directory;

/// The root of a tree.
#[derive(Debug)]
pub(crate) struct Root(OwnedFd);

/// The treatment of a link in the last part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// The link is followed.
    Follow,
    /// The path means the link itself.
    Keep,
}

/// The place that a path leads to.
#[derive(Debug)]
pub(crate) struct Place {
    /// The directory that holds the last part that exists, or the root.
    pub(crate) directory: OwnedFd,
    /// The path without links, relative to the root, without slashes at its ends; empty for the root. Parts that do not
    /// exist are at its end.
    pub(crate) path: Vec<u8>,
    /// The file at the path, if it exists.
    pub(crate) stat: Option<Stat>,
    /// The number of parts at the end of `path` that do not exist.
    pub(crate) missing: usize,
}

/// The number of links that Linux follows for one path (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

impl Root {
    /// Opens the directory `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(openat(CWD, path, flags, Mode::empty())?))
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Opens an existing directory.
    pub(crate) fn open_directory(&self, place: &Place) -> io::Result<OwnedFd> {
        if place.path.is_empty() {
            return Ok(dup(&self.0)?);
        }
        let name = CString::new(place.name())?;
        open_directory(place.directory.as_fd(), &name)
    }

    /// Resolves `path`, which may begin with slashes or not.
    pub(crate) fn resolve(&self, path: &[u8], last: Last) -> io::Result<Place> {
        let mut stack: Vec<(Vec<u8>, OwnedFd)> = Vec::new();
        let mut left: VecDeque<Vec<u8>> = parts(path).map(<[u8]>::to_vec).collect();
        let mut links = 0;
        while let Some(part) = left.pop_front() {
            if part == b".." {
                stack.pop();
                continue;
            }
            let above = stack.last().map_or(self.0.as_fd(), |(_, fd)| fd.as_fd());
            let name = CString::new(part.as_slice())?;
            let stat = match statat(above, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => return missing(above, &stack, part, left),
                Err(error) => return Err(error.into()),
            };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink if last == Last::Follow || !left.is_empty() => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::LOOP.into());
                    }
                    let target = readlinkat(above, &name, Vec::new())?.into_bytes();
                    if target.starts_with(b"/") {
                        stack.clear();
                    }
                    for part in parts(&target).map(<[u8]>::to_vec).rev() {
                        left.push_front(part);
                    }
                }
                FileType::Directory => {
                    let opened = open_directory(above, &name)?;
                    stack.push((part, opened));
                }
                _ if left.is_empty() => {
                    return Ok(Place {
                        directory: dup(above)?,
                        path: joined(&stack, &part),
                        stat: Some(stat),
                        missing: 0,
                    });
                }
                _ => return Err(Errno::NOTDIR.into()),
            }
        }
        self.directory(stack)
    }

    /// The place of an existing directory, the top of `stack`.
    fn directory(&self, mut stack: Vec<(Vec<u8>, OwnedFd)>) -> io::Result<Place> {
        let Some((name, opened)) = stack.pop() else {
            let stat = rustix::fs::fstat(&self.0)?;
            return Ok(Place {
                directory: dup(&self.0)?,
                path: Vec::new(),
                stat: Some(stat),
                missing: 0,
            });
        };
        let path = joined(&stack, &name);
        let above = stack.pop().map_or_else(|| dup(&self.0), |(_, fd)| Ok(fd))?;
        Ok(Place {
            directory: above,
            path,
            stat: Some(rustix::fs::fstat(&opened)?),
            missing: 0,
        })
    }
}

impl Place {
    /// Whether the place is an existing directory.
    pub(crate) fn is_directory(&self) -> bool {
        self.file_type() == Some(FileType::Directory)
    }

    /// The type of the file at this place.
    pub(crate) fn file_type(&self) -> Option<FileType> {
        let stat = self.stat.as_ref()?;
        Some(FileType::from_raw_mode(stat.st_mode))
    }

    /// The last part of the path; empty for the root.
    pub(crate) fn name(&self) -> &[u8] {
        split(&self.path).1
    }
}

/// The parts of a path, without empty ones and `.`.
pub(crate) fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
}

/// A path as its directory and its last part.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// `name` below `directory`, where the root is written as nothing.
pub(crate) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() || name.is_empty() {
        [directory, name].concat()
    } else {
        [directory, b"/", name].concat()
    }
}

fn joined(stack: &[(Vec<u8>, OwnedFd)], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::new();
    for (part, _) in stack {
        path = join(&path, part);
    }
    join(&path, name)
}

/// The place of a path that does not exist: the missing part, and the parts after it.
fn missing(
    above: BorrowedFd<'_>,
    stack: &[(Vec<u8>, OwnedFd)],
    part: Vec<u8>,
    left: VecDeque<Vec<u8>>,
) -> io::Result<Place> {
    let mut names = vec![part];
    for part in left {
        if part == b".." {
            // Behind a part that does not exist there is no link that could change the way.
            if names.pop().is_none() {
                return Err(Errno::NOENT.into());
            }
        } else {
            names.push(part);
        }
    }
    if names.is_empty() {
        return Err(Errno::NOENT.into());
    }
    Ok(Place {
        directory: dup(above)?,
        path: joined(stack, &names.join(&b'/')),
        stat: None,
        missing: names.len(),
    })
}
