//! The directory that is sent, read without ever following a symlink: every step down opens one name in a directory
//! that is already open.

use std::collections::btree_map;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir as Listing, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::declared::{self, Children, Expected, LocalDir, Node};
use super::error::FileSyncError;
use super::path;
use crate::session::opening;

/// A directory tree. Either all of its files are visible, or the declared ones.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
    declared: Option<Children>,
}

/// An open directory of a [`Tree`].
pub(super) struct Dir<'tree> {
    fd: OwnedFd,
    path: Vec<u8>,
    declared: Option<&'tree Children>,
}

/// A name in a [`Dir`].
pub(super) struct Entry<'tree> {
    pub(super) name: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) stat: Stat,
    pub(super) declared: Option<&'tree Node>,
}

impl Tree {
    pub(super) fn open(local: &LocalDir) -> Result<Self, FileSyncError> {
        let root = rustix::fs::open(&local.root, opening::DIR, Mode::empty()).map_err(|error| {
            FileSyncError::Root {
                path: local.root.clone(),
                source: error.into(),
            }
        })?;
        Ok(Self {
            root,
            declared: declared::tree(&local.files)?,
        })
    }

    pub(super) fn root(&self) -> Result<Dir<'_>, FileSyncError> {
        let fd = rustix::fs::openat(&self.root, ".", opening::DIR, Mode::empty());
        let fd = fd.map_err(|error| FileSyncError::read(b".", error))?;
        Ok(Dir {
            fd,
            path: Vec::new(),
            declared: self.declared.as_ref(),
        })
    }

    /// The directory at `path`, if it exists and is visible.
    pub(super) fn dir(&self, path: &[u8]) -> Result<Option<Dir<'_>>, FileSyncError> {
        let mut dir = self.root()?;
        for name in path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
        {
            match dir.entry(name)? {
                Some(entry) if entry.is_dir() => dir = dir.open_dir(&entry)?,
                _ => return Ok(None),
            }
        }
        Ok(Some(dir))
    }

    /// The metadata of the file at `path`, if it is visible.
    pub(super) fn entry(&self, path: &[u8]) -> Result<Option<(Dir<'_>, Entry<'_>)>, FileSyncError> {
        let (parent, name) = split(path);
        let Some(dir) = self.dir(parent)? else {
            return Ok(None);
        };
        let entry = dir.entry(name)?;
        Ok(entry.map(|entry| (dir, entry)))
    }

    /// The plain file at `path`; `None` for a socket, which is announced as an empty file.
    pub(super) fn file(
        &self,
        path: &[u8],
    ) -> Result<(Option<File>, Option<&Expected>), FileSyncError> {
        let (dir, entry) = self
            .entry(path)?
            .ok_or_else(|| FileSyncError::missing(path))?;
        let expected = match entry.declared {
            Some(Node::Leaf(expected)) => Some(expected),
            _ => None,
        };
        if entry.file_type() == FileType::Socket && expected.is_none() {
            return Ok((None, None));
        }
        let fd = rustix::fs::openat(&dir.fd, entry.name.as_slice(), opening::FILE, Mode::empty());
        Ok((
            Some(fd.map_err(|error| FileSyncError::read(path, error))?.into()),
            expected,
        ))
    }
}

impl<'tree> Dir<'tree> {
    /// The names of its visible entries, in order.
    pub(super) fn visible(&self) -> Result<Vec<Vec<u8>>, FileSyncError> {
        if let Some(children) = self.declared {
            return Ok(children.keys().cloned().collect());
        }
        let mut names = self
            .names()
            .map_err(|error| FileSyncError::read(&self.path, error))?;
        names.sort_unstable();
        Ok(names)
    }

    /// The current metadata of `name`, which is [`visible`](Self::visible). A declared file must exist, and be of its
    /// kind.
    pub(super) fn listed(&self, name: &[u8]) -> Result<Option<Entry<'tree>>, FileSyncError> {
        let entry = self.entry(name)?;
        if self.declared.is_some() && entry.is_none() {
            return Err(FileSyncError::missing(&path::below(&self.path, name)));
        }
        let Some(entry) = entry else { return Ok(None) };
        let is_right = match entry.declared {
            None => true,
            Some(Node::Dir(_)) => entry.is_dir(),
            Some(Node::Leaf(Expected::File { .. })) => entry.file_type() == FileType::RegularFile,
            Some(Node::Leaf(Expected::Symlink { .. })) => entry.file_type() == FileType::Symlink,
        };
        if is_right {
            Ok(Some(entry))
        } else {
            Err(FileSyncError::changed(&entry.path, "kind"))
        }
    }

    fn names(&self) -> rustix::io::Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        for entry in Listing::read_from(&self.fd)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The metadata of `name`, if it exists and is visible.
    pub(super) fn entry(&self, name: &[u8]) -> Result<Option<Entry<'tree>>, FileSyncError> {
        let declared = match self.declared.map(|children| children.get(name)) {
            Some(None) => return Ok(None),
            Some(node) => node,
            None => None,
        };
        let path = path::below(&self.path, name);
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Entry {
                name: name.to_vec(),
                path,
                stat,
                declared,
            })),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::INVAL) => Ok(None),
            Err(error) => Err(FileSyncError::read(&path, error)),
        }
    }

    pub(super) fn open_dir(&self, entry: &Entry<'tree>) -> Result<Dir<'tree>, FileSyncError> {
        let fd = rustix::fs::openat(
            &self.fd,
            entry.name.as_slice(),
            opening::DIR | OFlags::NOFOLLOW,
            Mode::empty(),
        )
        .map_err(|error| FileSyncError::read(&entry.path, error))?;
        let declared = match entry.declared {
            Some(Node::Dir(children)) => Some(children),
            // Nothing is visible below a declared file, whatever it has become.
            Some(Node::Leaf(_)) => return Err(FileSyncError::changed(&entry.path, "kind")),
            None => None,
        };
        Ok(Dir {
            fd,
            path: entry.path.clone(),
            declared,
        })
    }

    pub(super) fn link_target(&self, entry: &Entry<'_>) -> Result<Vec<u8>, FileSyncError> {
        rustix::fs::readlinkat(&self.fd, entry.name.as_slice(), Vec::new())
            .map(std::ffi::CString::into_bytes)
            .map_err(|error| FileSyncError::read(&entry.path, error))
    }

    /// The extended attributes, but for Apple's.
    ///
    /// Mirrors `loadXattr` in fsutil's `stat_unix.go`: an attribute that cannot be read is left out.
    pub(super) fn xattrs(
        &self,
        entry: &Entry<'_>,
    ) -> Result<btree_map::BTreeMap<String, Vec<u8>>, FileSyncError> {
        // The system calls with a descriptor need one that is open for reading, and symlinks and devices cannot be
        // opened so.
        let mut path = format!("/proc/self/fd/{}/", self.fd.as_raw_fd()).into_bytes();
        path.extend_from_slice(&entry.name);
        let path = OsStr::from_bytes(&path);
        let names = match list_xattrs(path) {
            Ok(names) => names,
            Err(Errno::NOTSUP) => return Ok(btree_map::BTreeMap::new()),
            Err(error) => return Err(FileSyncError::read(&entry.path, error)),
        };
        let wanted = names
            .into_iter()
            .filter(|name| !name.starts_with("com.apple."));
        Ok(wanted
            .filter_map(|name| get_xattr(path, &name).ok().map(|value| (name, value)))
            .collect())
    }
}

impl Entry<'_> {
    pub(super) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    pub(super) fn is_dir(&self) -> bool {
        self.file_type() == FileType::Directory
    }
}

fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

fn list_xattrs(path: &OsStr) -> rustix::io::Result<Vec<String>> {
    let names = read_growing(|buffer| rustix::fs::llistxattr(path, buffer))?;
    let names = names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    Ok(names
        .filter_map(|name| String::from_utf8(name.to_vec()).ok())
        .collect())
}

fn get_xattr(path: &OsStr, name: &str) -> rustix::io::Result<Vec<u8>> {
    read_growing(|buffer| rustix::fs::lgetxattr(path, name, buffer))
}

/// Reads into a buffer that grows until the value fits; Linux allows 64 KiB.
fn read_growing(
    mut read: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 256];
    loop {
        match read(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() <= 64 << 10 => buffer.resize(buffer.len() * 4, 0),
            Err(error) => return Err(error),
        }
    }
}
