//! The tree on disk that files are put into. Its own files stay as they are, unless a new one replaces them.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dev, FileType, Mode, OFlags, fstat, linkat, makedev, mkdirat, mknodat, openat, statat,
    symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::PlaceError;
use super::dress::{self, Dress, Time};
use super::owner::Ids;
use super::root::{Last, Place, Root, join, parts, split};
use crate::entry::DeviceClass;
use crate::path::printable;
use crate::walk::{open_directory, sorted_names};

/// The tree. Existing directories keep mode, owner and time, whatever is put into them; new directories on the way are
/// 0755, of root, with time 0.
#[derive(Debug)]
pub(crate) struct Tree {
    root: Root,
    /// The directory of the last file that was put in, as named by the caller.
    current: Option<(Vec<u8>, OwnedFd)>,
    /// Whether a link was replaced since `current` was entered: its name may lead elsewhere now.
    is_current_stale: bool,
    /// The times of existing directories, by their paths without links.
    kept: BTreeMap<Vec<u8>, Time>,
    /// New directories, with the metadata that they get at the end.
    made: BTreeMap<Vec<u8>, Dress>,
}

/// A file that cannot be opened without an effect and has no content.
#[derive(Debug, Clone)]
pub(crate) enum Special {
    Symlink(Vec<u8>),
    Fifo,
    Device {
        class: DeviceClass,
        major: u32,
        minor: u32,
    },
}

impl Tree {
    pub(crate) fn new(root: Root) -> Self {
        Self {
            root,
            current: None,
            is_current_stale: false,
            kept: BTreeMap::new(),
            made: BTreeMap::new(),
        }
    }

    /// The place that `path` leads to.
    pub(crate) fn resolve(&self, path: &[u8], last: Last) -> Result<Place, PlaceError> {
        self.root.resolve(path, last).map_err(unusable(path))
    }

    /// Makes a directory and its parents. An existing directory stays as it is, and so does a link to one.
    pub(crate) fn directory(&mut self, path: &[u8], dress: &Dress) -> Result<(), PlaceError> {
        let place = self.resolve(path, Last::Follow)?;
        match place.file_type() {
            Some(FileType::Directory) => {
                // A directory that was made on the way to one of its entries gets its own metadata now.
                if let Some(made) = self.made.get_mut(&place.path) {
                    dress.clone_into(made);
                }
                Ok(())
            }
            Some(_) => Err(PlaceError::NotADirectory {
                path: printable(path),
            }),
            None => self.make(&place, dress).map_err(unusable(path)),
        }
    }

    /// Makes a directory and its parents. An existing one keeps its content, and gets the owner and the mode that are
    /// given.
    pub(super) fn own_directory(
        &mut self,
        path: &[u8],
        new: &Dress,
        owner: Option<Ids>,
        mode: Option<&file_set::Mode>,
    ) -> Result<(), PlaceError> {
        let place = self.resolve(path, Last::Follow)?;
        if !place.is_directory() || self.made.contains_key(&place.path) {
            return self.directory(path, new);
        }
        let opened = self.root.open_directory(&place).map_err(unusable(path))?;
        dress::change(opened.as_fd(), owner, mode).map_err(unusable(path))
    }

    /// Removes a file, a link, or a directory with all that is in it.
    pub(super) fn remove(&mut self, path: &[u8]) -> Result<(), PlaceError> {
        let (directory, name) = split(path);
        let failed = unusable(path);
        let name = CString::new(name).map_err(|error| failed(error.into()))?;
        self.enter(directory)?;
        remove_all(self.at(), &name).map_err(failed)?;
        let removed = self.resolve(path, Last::Keep)?.path;
        self.kept.retain(|kept, _| !is_in(kept, &removed));
        self.current = None;
        Ok(())
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// Makes a regular file; `fill` writes its content.
    pub(crate) fn file(
        &mut self,
        path: &[u8],
        dress: &Dress,
        fill: impl FnOnce(&mut File) -> Result<(), PlaceError>,
    ) -> Result<(), PlaceError> {
        let name = self.make_room(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let failed = unusable(path);
        let opened = openat(self.at(), &name, flags, Mode::from_raw_mode(0o600));
        let mut opened = File::from(opened.map_err(|error| failed(error.into()))?);
        fill(&mut opened)?;
        dress.put_on_open(opened.as_fd()).map_err(failed)
    }

    /// Makes a link, pipe or device.
    pub(crate) fn special(
        &mut self,
        path: &[u8],
        dress: &Dress,
        special: &Special,
    ) -> Result<(), PlaceError> {
        let name = self.make_room(path)?;
        let at = self.at();
        let node = |kind, device: Dev| mknodat(at, &name, kind, Mode::from_raw_mode(0o600), device);
        let made = match special {
            Special::Symlink(target) => {
                let target = CString::new(target.as_slice());
                let target = target.map_err(|error| unusable(path)(error.into()))?;
                symlinkat(&target, at, &name)
            }
            Special::Fifo => node(FileType::Fifo, 0),
            Special::Device {
                class,
                major,
                minor,
            } => {
                let kind = match class {
                    DeviceClass::Character => FileType::CharacterDevice,
                    DeviceClass::Block => FileType::BlockDevice,
                };
                node(kind, makedev(*major, *minor))
            }
        };
        let is_link = matches!(special, Special::Symlink(_));
        made.map_err(io::Error::from)
            .and_then(|()| dress.put_on_name(at, &name, is_link))
            .map_err(unusable(path))
    }

    /// Makes `path` a hard link to the file at `target`.
    pub(crate) fn hard_link(&mut self, path: &[u8], target: &[u8]) -> Result<(), PlaceError> {
        let (directory, name) = split(target);
        let place = self.resolve(directory, Last::Follow)?;
        let first = self.open(&place.path).map_err(unusable(target))?;
        let first_name = CString::new(name).map_err(|error| unusable(target)(error.into()))?;
        let at_target = self.same(&place.path, name, path)?;
        if at_target {
            return Ok(());
        }
        let name = self.make_room(path)?;
        linkat(&first, &first_name, self.at(), &name, AtFlags::empty())
            .map_err(|error| unusable(path)(error.into()))
    }

    /// Whether `path` leads to the name `name` in the directory `directory`, which is a path without links.
    fn same(&self, directory: &[u8], name: &[u8], path: &[u8]) -> Result<bool, PlaceError> {
        let (above, own) = split(path);
        let place = self.resolve(above, Last::Follow)?;
        Ok(place.path == directory && own == name)
    }

    /// Sets the metadata of directories: the old times of existing ones, all of new ones.
    pub(crate) fn finish(mut self) -> Result<(), PlaceError> {
        self.current = None;
        // The deepest first: a mode may close a directory.
        for (path, dress) in self.made.iter().rev() {
            let opened = self.open(path).map_err(unusable(path))?;
            dress.put_on_open(opened.as_fd()).map_err(unusable(path))?;
        }
        for (path, time) in &self.kept {
            let opened = self.open(path).map_err(unusable(path))?;
            time.restore(opened.as_fd()).map_err(unusable(path))?;
        }
        Ok(())
    }

    /// Prepares the directory of `path`, and removes a file at `path` itself. A directory is not removed.
    fn make_room(&mut self, path: &[u8]) -> Result<CString, PlaceError> {
        let (directory, name) = split(path);
        let name = CString::new(name).map_err(|error| unusable(path)(error.into()))?;
        self.enter(directory)?;
        let at = self.at();
        match statat(at, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(name),
            Err(error) => Err(unusable(path)(error.into())),
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                Err(PlaceError::IsADirectory {
                    path: printable(path),
                })
            }
            Ok(stat) => {
                unlinkat(at, &name, AtFlags::empty())
                    .map_err(|error| unusable(path)(error.into()))?;
                self.is_current_stale |= FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
                Ok(name)
            }
        }
    }

    /// Makes `path` the current directory, and makes the directory if it is missing.
    fn enter(&mut self, path: &[u8]) -> Result<(), PlaceError> {
        let is_current = |(named, _): &(Vec<u8>, OwnedFd)| named == path;
        if !self.is_current_stale && self.current.as_ref().is_some_and(is_current) {
            return Ok(());
        }
        let mut place = self.resolve(path, Last::Follow)?;
        if place.stat.is_none() {
            self.make(&place, &Dress::of_parent())
                .map_err(unusable(path))?;
            place = self.resolve(path, Last::Follow)?;
        }
        if !place.is_directory() {
            return Err(PlaceError::NotADirectory {
                path: printable(path),
            });
        }
        let opened = self.open(&place.path).map_err(unusable(path))?;
        self.keep(&place.path, &opened).map_err(unusable(path))?;
        self.current = Some((path.to_vec(), opened));
        self.is_current_stale = false;
        Ok(())
    }

    /// Remembers the time of a directory before one of its entries changes.
    fn keep(&mut self, path: &[u8], opened: &OwnedFd) -> io::Result<()> {
        if !self.made.contains_key(path) && !self.kept.contains_key(path) {
            let time = Time::of(&fstat(opened)?);
            self.kept.insert(path.to_vec(), time);
        }
        Ok(())
    }

    /// Makes the missing parts of `place`. The last one gets the metadata `dress` at the end.
    fn make(&mut self, place: &Place, dress: &Dress) -> io::Result<()> {
        let all: Vec<&[u8]> = parts(&place.path).collect();
        let there = all.len() - place.missing;
        let mut path = all[..there].join(&b'/');
        for (index, name) in all[there..].iter().enumerate() {
            let above = self.open(&path)?;
            self.keep(&path, &above)?;
            mkdirat(&above, *name, Mode::from_raw_mode(0o700))?;
            path = join(&path, name);
            let is_last = there + index + 1 == all.len();
            let dress = if is_last {
                dress.clone()
            } else {
                Dress::of_parent()
            };
            self.made.insert(path.clone(), dress);
        }
        Ok(())
    }

    /// Opens a directory by its path without links.
    fn open(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let place = self.root.resolve(path, Last::Keep)?;
        self.root.open_directory(&place)
    }

    /// The current directory, or the root before there is one.
    fn at(&self) -> BorrowedFd<'_> {
        match &self.current {
            Some((_, opened)) => opened.as_fd(),
            None => self.root.as_fd(),
        }
    }
}

/// Whether `path` is `directory` or below it.
fn is_in(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Removes `name`. What is in a directory is removed first.
fn remove_all(at: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    let stat = statat(at, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Ok(unlinkat(at, name, AtFlags::empty())?);
    }
    let opened = open_directory(at, name)?;
    for name in sorted_names(opened.as_fd())? {
        remove_all(opened.as_fd(), &name)?;
    }
    Ok(unlinkat(at, name, AtFlags::REMOVEDIR)?)
}

/// The error of an operation on `path`.
pub(crate) fn unusable(path: &[u8]) -> impl Fn(io::Error) -> PlaceError + Copy + '_ {
    move |source| PlaceError::Target {
        path: printable(path),
        source,
    }
}
