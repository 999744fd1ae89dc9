//! Packs a directory tree on disk as a canonical tar.

use std::collections::{BTreeMap, btree_map};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Stat, fstat, major, minor, readlinkat, statat};

use crate::entry::{DeviceClass, Entry, Kind, Xattrs};
use crate::header::HeaderError;
use crate::path::EntryPath;
use crate::walk::{Step, Walk, open_directory, open_file};
use crate::writer::{CanonicalWriter, Options, Summary, WriteError};
use crate::xattr;

/// The reason why a tree was not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The directory to pack cannot be opened.
    #[error("cannot open the directory `{}`", root.display())]
    Root {
        /// The directory.
        root: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in the tree cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The path below the root.
        path: EntryPath,
        /// Why.
        source: io::Error,
    },
    /// A file was replaced, or its size or time changed, while it was read.
    #[error("`{path}` changed while it was packed")]
    Changed {
        /// The path below the root.
        path: EntryPath,
    },
    /// An entry does not fit into a tar.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The output cannot be written.
    #[error("cannot write the tar")]
    Write(#[source] io::Error),
}

/// Writes the tree below `root` as a canonical tar.
///
/// Memory does not grow with the sizes of files; it holds the names in the directories on the way to the current
/// file, and one path for each file with several names. No symbolic link below `root` is followed. Extended
/// attributes of links, pipes and devices are read through `/proc`.
pub fn pack(root: &Path, writer: impl Write, options: &Options) -> Result<Summary, PackError> {
    let mut walk = Walk::open(root).map_err(|source| PackError::Root {
        root: root.to_owned(),
        source,
    })?;
    let mut packer = Packer::new(writer, options);
    while let Some(step) = walk.next() {
        let found = Found::new(step)?;
        if let Some(directory) = packer.visit(&found)? {
            let path = found.path;
            walk.enter(directory, &path)
                .map_err(|source| PackError::Read { path, source })?;
        }
    }
    packer.finish()
}

/// Large pieces: few system calls, and the writer's buffer is bypassed.
const BUFFER: usize = 128 * 1024;

/// The writer of the entries of a walk.
pub(crate) struct Packer<W: Write> {
    tar: CanonicalWriter<W>,
    /// The first name of each file that has several, by device and inode.
    links: BTreeMap<(u64, u64), EntryPath>,
    buffer: Vec<u8>,
}

/// The current entry of the walk.
pub(crate) struct Found<'a> {
    at: BorrowedFd<'a>,
    name: CString,
    pub(crate) path: EntryPath,
    stat: Stat,
    /// The time that replaces the entry's own.
    time: Option<i64>,
}

impl<'a> Found<'a> {
    pub(crate) fn new(step: Step<'a>) -> Result<Self, PackError> {
        let Step {
            directory,
            name,
            path,
        } = step;
        match statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Self {
                at: directory,
                name,
                path,
                stat,
                time: None,
            }),
            Err(error) => Err(PackError::Read {
                path,
                source: error.into(),
            }),
        }
    }

    pub(crate) fn set_time(&mut self, time: i64) {
        self.time = Some(time);
    }

    fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    fn cannot_read(&self, source: impl Into<io::Error>) -> PackError {
        PackError::Read {
            path: self.path.clone(),
            source: source.into(),
        }
    }

    fn changed(&self) -> PackError {
        PackError::Changed {
            path: self.path.clone(),
        }
    }
}

impl<W: Write> Packer<W> {
    pub(crate) fn new(writer: W, options: &Options) -> Self {
        Self {
            tar: CanonicalWriter::new(writer, *options),
            links: BTreeMap::new(),
            buffer: vec![0; BUFFER],
        }
    }

    pub(crate) fn finish(self) -> Result<Summary, PackError> {
        Ok(self.tar.finish()?)
    }

    /// Writes an entry without a file on disk.
    pub(crate) fn write(&mut self, mut entry: Entry) -> Result<(), PackError> {
        Ok(self.tar.begin(&mut entry)?)
    }

    /// Writes one entry. If it is a directory, returns it, so that the walk can enter it.
    pub(crate) fn visit(&mut self, found: &Found<'_>) -> Result<Option<OwnedFd>, PackError> {
        match found.file_type() {
            FileType::Directory => return self.directory(found).map(Some),
            // A socket in a tar would be a name without a server.
            FileType::Socket => {}
            // Several names of one link become several links, as in BuildKit's export.
            FileType::Symlink => {
                let target = readlinkat(found.at, &found.name, Vec::new());
                let target = target
                    .map_err(|error| found.cannot_read(error))?
                    .into_bytes();
                self.unopened(found, Kind::Symlink { target })?;
            }
            file_type => match self.first_name(found) {
                Some(target) => {
                    let mut entry =
                        entry(found, &found.stat, Kind::HardLink { target }, Xattrs::new());
                    self.tar.begin(&mut entry)?;
                }
                None if file_type == FileType::RegularFile => self.file(found)?,
                None if file_type == FileType::Fifo => self.unopened(found, Kind::Fifo)?,
                None => self.unopened(found, device(file_type, &found.stat))?,
            },
        }
        Ok(None)
    }

    /// The earlier name of a file that was written already.
    fn first_name(&mut self, found: &Found<'_>) -> Option<EntryPath> {
        if found.stat.st_nlink < 2 {
            return None;
        }
        match self.links.entry((found.stat.st_dev, found.stat.st_ino)) {
            btree_map::Entry::Occupied(first) => Some(first.get().clone()),
            btree_map::Entry::Vacant(none) => {
                none.insert(found.path.clone());
                None
            }
        }
    }

    fn unopened(&mut self, found: &Found<'_>, kind: Kind) -> Result<(), PackError> {
        let xattrs =
            xattr::of_name(found.at, &found.name).map_err(|error| found.cannot_read(error))?;
        Ok(self
            .tar
            .begin(&mut entry(found, &found.stat, kind, xattrs))?)
    }

    fn directory(&mut self, found: &Found<'_>) -> Result<OwnedFd, PackError> {
        let directory =
            open_directory(found.at, &found.name).map_err(|error| found.cannot_read(error))?;
        let (stat, xattrs) = inspect(found, directory.as_fd())?;
        self.tar
            .begin(&mut entry(found, &stat, Kind::Directory, xattrs))?;
        Ok(directory)
    }

    fn file(&mut self, found: &Found<'_>) -> Result<(), PackError> {
        let file = open_file(found.at, &found.name).map_err(|error| found.cannot_read(error))?;
        let (stat, xattrs) = inspect(found, file.as_fd())?;
        let size = u64::try_from(stat.st_size).map_err(|_| found.changed())?;
        self.tar
            .begin(&mut entry(found, &stat, Kind::File { size }, xattrs))?;
        let file = File::from(file);
        self.copy(found, &file, size)?;
        let after = fstat(&file).map_err(|error| found.cannot_read(error))?;
        if written_at(&after) != written_at(&stat) || after.st_size != stat.st_size {
            return Err(found.changed());
        }
        Ok(self.tar.end(size)?)
    }

    fn copy(&mut self, found: &Found<'_>, mut file: &File, size: u64) -> Result<(), PackError> {
        let mut left = size;
        while left > 0 {
            let piece = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
            match file.read(&mut self.buffer[..piece]) {
                Ok(0) => return Err(found.changed()),
                Ok(read) => {
                    self.tar.content(&self.buffer[..read])?;
                    left -= read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(found.cannot_read(error)),
            }
        }
        Ok(())
    }
}

/// The metadata of the opened file, if it is still the file that the walk found.
fn inspect(found: &Found<'_>, opened: BorrowedFd<'_>) -> Result<(Stat, Xattrs), PackError> {
    let stat = fstat(opened).map_err(|error| found.cannot_read(error))?;
    let same = (stat.st_dev, stat.st_ino) == (found.stat.st_dev, found.stat.st_ino);
    if !same || FileType::from_raw_mode(stat.st_mode) != found.file_type() {
        return Err(found.changed());
    }
    let xattrs = xattr::of_open(opened).map_err(|error| found.cannot_read(error))?;
    Ok((stat, xattrs))
}

fn entry(found: &Found<'_>, stat: &Stat, kind: Kind, xattrs: Xattrs) -> Entry {
    Entry {
        path: found.path.clone(),
        kind,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        mtime: found.time.unwrap_or(stat.st_mtime),
        xattrs,
        content: None,
    }
}

fn device(file_type: FileType, stat: &Stat) -> Kind {
    Kind::Device {
        class: match file_type {
            FileType::BlockDevice => DeviceClass::Block,
            _ => DeviceClass::Character,
        },
        major: major(stat.st_rdev),
        minor: minor(stat.st_rdev),
    }
}

fn written_at(stat: &Stat) -> (i64, u64) {
    (stat.st_mtime, stat.st_mtime_nsec)
}

impl From<WriteError> for PackError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Header(error) => Self::Header(error),
            WriteError::Io(error) => Self::Write(error),
        }
    }
}

#[cfg(test)]
mod tests;
