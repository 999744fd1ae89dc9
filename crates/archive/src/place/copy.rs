//! Copies a path of one tree into another.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Stat, fstat, major, minor, readlinkat, statat};

use file_set::Kind;

use super::PlaceError;
use super::content::Content;
use super::dress::{Dress, Time};
use super::glob;
use super::root::{Last, Root, join, split};
use super::tree::{Special, Tree, unusable};
use crate::digest::{Digest, HashingReader};
use crate::entry::{DeviceClass, Xattrs};
use crate::path::printable;
use crate::walk::{Walk, open_directory, open_file};
use crate::xattr;

/// A copy: its source, its target, and the metadata of the copied files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copy {
    /// The path in the source. Its links are followed, also in its last part, and never out of the source. A pattern
    /// of Go's `filepath.Match` stands for all paths that it matches.
    pub path: Vec<u8>,
    /// The path in the target, as in COPY: the entries of a directory go into the directory `to`; a file goes into
    /// `to` if that ends in a slash or is a directory, and else gets the name `to`.
    pub to: Vec<u8>,
    /// The permission bits of files; by default, those of the source. Directories on the way do not get them.
    pub mode: Option<u32>,
    /// The time of all files and directories, in seconds since 1970; by default, those of the source.
    pub time: Option<i64>,
    /// Whether the files become like those of a git checkout: owner 0:0, mode 0755 if the owner may execute the file
    /// and else 0644, time 0, no attributes, one file for every name, and no empty directories. The umask does not
    /// count.
    pub plain: bool,
    /// The digest that the copied files must have, as [`file_set`] makes it; by default, any. Not for a pattern that
    /// matches several paths.
    pub content: Option<Digest>,
    /// The names of files and directories that are left out, at any depth.
    pub without: Vec<Vec<u8>>,
}

/// Copies from the tree below `source` into the tree below `target`. Links in a copied directory stay links, hard
/// links stay hard links, and owners, modes, times and attributes are kept unless `copy` says otherwise. Sockets are
/// left out. In the target, existing directories keep mode, owner and time; a link to a directory counts as a
/// directory.
pub fn copy(source: &Path, target: &Path, copy: &Copy) -> Result<(), PlaceError> {
    let open = |path: &Path| {
        Root::open(path).map_err(|source| PlaceError::Root {
            root: path.to_owned(),
            source,
        })
    };
    let (from, into) = (open(source)?, open(target)?);
    let unreadable = |source| PlaceError::Source {
        path: printable(&copy.path),
        source,
    };
    let paths = glob::expand(&from, &copy.path).map_err(unreadable)?;
    if paths.is_empty() {
        return Err(PlaceError::NoMatch {
            pattern: printable(&copy.path),
        });
    }
    if copy.content.is_some() && paths.len() > 1 {
        return Err(PlaceError::Several {
            pattern: printable(&copy.path),
        });
    }
    let mut copier = Copier {
        copy,
        tree: Tree::new(into),
        links: BTreeMap::new(),
        first_names: BTreeMap::new(),
        copied: copy.content.map(|_| Content::default()),
    };
    for path in &paths {
        copier.named(&from, path, paths.len() > 1)?;
    }
    if let (Some(expected), Some(copied)) = (copy.content, copier.copied) {
        copied.check(expected)?;
    }
    copier.tree.finish()
}

struct Copier<'a> {
    copy: &'a Copy,
    tree: Tree,
    /// The first name in the target of each file with several names, by device and inode.
    links: BTreeMap<(u64, u64), Vec<u8>>,
    /// The same by the path in the target, without links: what replaces that file later is another file.
    first_names: BTreeMap<Vec<u8>, (u64, u64)>,
    /// The copied files, if their digest is wanted.
    copied: Option<Content>,
}

/// Something in the source.
struct Found<'a> {
    at: BorrowedFd<'a>,
    name: CString,
    stat: Stat,
    /// Its path in the source, for messages.
    path: Vec<u8>,
    /// Its path relative to the copied path; empty for the copied path itself.
    below: Vec<u8>,
}

impl Copier<'_> {
    /// Copies the file or directory at `path`. If it is one of several, `into` must be a directory.
    fn named(
        &mut self,
        from: &Root,
        path: &[u8],
        is_one_of_several: bool,
    ) -> Result<(), PlaceError> {
        let unreadable = |source| PlaceError::Source {
            path: printable(path),
            source,
        };
        let place = from.resolve(path, Last::Follow).map_err(unreadable)?;
        let Some(stat) = place.stat else {
            return Err(PlaceError::Missing {
                path: printable(path),
                link: (place.path != join(b"", &trimmed(path))).then(|| printable(&place.path)),
            });
        };
        if place.is_directory() {
            let to = trimmed(&self.copy.to);
            let opened = from.open_directory(&place).map_err(unreadable)?;
            if !to.is_empty() {
                // As in COPY, this directory is a place for the entries, and not a copy of the source directory.
                self.tree.directory(&to, &Dress::of_parent())?;
            }
            return self.directory(opened, path, &to);
        }
        let to = self.file_target(path, is_one_of_several)?;
        let name = CString::new(place.name()).map_err(|error| unreadable(error.into()))?;
        let found = Found {
            at: place.directory.as_fd(),
            name,
            stat,
            path: path.to_vec(),
            below: Vec::new(),
        };
        self.member(&found, &to)
    }

    /// The path in the target of the named file.
    fn file_target(&self, path: &[u8], is_one_of_several: bool) -> Result<Vec<u8>, PlaceError> {
        let own_name = split(path).1;
        let to = trimmed(&self.copy.to);
        if is_one_of_several || self.copy.to.ends_with(b"/") || to.is_empty() {
            return Ok(join(&to, own_name));
        }
        let place = self.tree.resolve(&to, Last::Follow)?;
        if place.is_directory() {
            return Ok(join(&to, own_name));
        }
        Ok(place.path)
    }

    /// Copies the entries of a directory.
    fn directory(&mut self, directory: OwnedFd, path: &[u8], to: &[u8]) -> Result<(), PlaceError> {
        let unreadable = |path: &[u8], source| PlaceError::Source {
            path: printable(path),
            source,
        };
        let mut walk = Walk::of(directory).map_err(|source| unreadable(path, source))?;
        while let Some(step) = walk.next() {
            let is_name = |left_out: &Vec<u8>| left_out == step.name.to_bytes();
            if self.copy.without.iter().any(is_name) {
                continue;
            }
            let entry = step.path.clone();
            let (from, to) = (join(path, entry.as_bytes()), join(to, entry.as_bytes()));
            let stat = statat(step.directory, &step.name, AtFlags::SYMLINK_NOFOLLOW);
            let found = Found {
                at: step.directory,
                stat: stat.map_err(|error| unreadable(&from, error.into()))?,
                path: from,
                below: entry.as_bytes().to_vec(),
                name: step.name,
            };
            if FileType::from_raw_mode(found.stat.st_mode) != FileType::Directory {
                self.member(&found, &to)?;
                continue;
            }
            let opened =
                open_directory(found.at, &found.name).map_err(|error| found.unreadable(error))?;
            if !self.copy.plain {
                let xattrs =
                    xattr::of_open(opened.as_fd()).map_err(|error| found.unreadable(error))?;
                self.tree.directory(&to, &self.dress(&found.stat, xattrs))?;
            }
            let from = found.path;
            walk.enter(opened, &entry)
                .map_err(|source| unreadable(&from, source))?;
        }
        Ok(())
    }

    /// Copies anything but a directory.
    fn member(&mut self, found: &Found<'_>, to: &[u8]) -> Result<(), PlaceError> {
        let file_type = FileType::from_raw_mode(found.stat.st_mode);
        if file_type == FileType::Socket {
            return Ok(());
        }
        let has_several_names =
            found.stat.st_nlink > 1 && file_type != FileType::Symlink && !self.copy.plain;
        let inode = (found.stat.st_dev, found.stat.st_ino);
        self.forget(to)?;
        if let Some(first) = self.links.get(&inode).filter(|_| has_several_names) {
            return self.tree.hard_link(to, &first.clone());
        }
        self.first(found, file_type, to)?;
        if has_several_names {
            let made = self.tree.resolve(to, Last::Keep)?.path;
            self.links.insert(inode, made.clone());
            self.first_names.insert(made, inode);
        }
        Ok(())
    }

    /// Forgets the first name of a file that is replaced.
    fn forget(&mut self, to: &[u8]) -> Result<(), PlaceError> {
        if self.first_names.is_empty() {
            return Ok(());
        }
        let place = self.tree.resolve(to, Last::Keep)?;
        if let Some(inode) = self.first_names.remove(&place.path) {
            self.links.remove(&inode);
        }
        Ok(())
    }

    /// Copies anything but a directory, under the first of its names.
    fn first(
        &mut self,
        found: &Found<'_>,
        file_type: FileType,
        to: &[u8],
    ) -> Result<(), PlaceError> {
        let special = match file_type {
            FileType::RegularFile => return self.file(found, to),
            FileType::Symlink => {
                let target = readlinkat(found.at, &found.name, Vec::new());
                let target = target.map_err(|error| found.unreadable(error.into()))?;
                let target = target.into_bytes();
                self.note(found, Kind::Symlink, Digest::of(&target));
                Special::Symlink(target)
            }
            FileType::Fifo => Special::Fifo,
            file_type => Special::Device {
                class: match file_type {
                    FileType::BlockDevice => DeviceClass::Block,
                    _ => DeviceClass::Character,
                },
                major: major(found.stat.st_rdev),
                minor: minor(found.stat.st_rdev),
            },
        };
        if !matches!(special, Special::Symlink(_)) {
            self.note(found, Kind::Special, Digest::of(b""));
        }
        let xattrs =
            xattr::of_name(found.at, &found.name).map_err(|error| found.unreadable(error))?;
        self.tree
            .special(to, &self.dress(&found.stat, xattrs), &special)
    }

    fn file(&mut self, found: &Found<'_>, to: &[u8]) -> Result<(), PlaceError> {
        let opened = open_file(found.at, &found.name).map_err(|error| found.unreadable(error))?;
        let stat = fstat(&opened).map_err(|error| found.unreadable(error.into()))?;
        let xattrs = xattr::of_open(opened.as_fd()).map_err(|error| found.unreadable(error))?;
        let dress = self.dress(&stat, xattrs);
        let dress = Dress {
            mode: self.copy.mode.unwrap_or(dress.mode),
            ..dress
        };
        let mut opened = File::from(opened);
        if self.copied.is_none() {
            return self.tree.file(to, &dress, |file| {
                io::copy(&mut opened, file).map_err(unusable(to))?;
                Ok(())
            });
        }
        let mut hashed = HashingReader::new(opened);
        self.tree.file(to, &dress, |file| {
            io::copy(&mut hashed, file).map_err(unusable(to))?;
            Ok(())
        })?;
        let executable = stat.st_mode & 0o100 != 0;
        let digest = hashed.into_tally().digest();
        self.note(found, Kind::File { executable }, digest);
        Ok(())
    }

    /// Adds a copied file to the digest.
    fn note(&mut self, found: &Found<'_>, kind: Kind, digest: Digest) {
        if let Some(copied) = &mut self.copied {
            copied.note(found.below.clone(), kind, digest);
        }
    }

    /// The metadata in the target of a source file, without the mode of files.
    fn dress(&self, stat: &Stat, xattrs: Xattrs) -> Dress {
        if self.copy.plain {
            let is_executable = stat.st_mode & 0o100 != 0;
            return Dress {
                mode: if is_executable { 0o755 } else { 0o644 },
                ..Dress::of_parent()
            };
        }
        let own_time = Time::of(stat);
        Dress {
            uid: stat.st_uid,
            gid: stat.st_gid,
            mode: stat.st_mode & 0o7777,
            time: self.copy.time.map_or(own_time, |seconds| Time {
                seconds,
                nanoseconds: 0,
            }),
            xattrs,
        }
    }
}

impl Found<'_> {
    fn unreadable(&self, source: io::Error) -> PlaceError {
        PlaceError::Source {
            path: printable(&self.path),
            source,
        }
    }
}

/// A path without slashes at its ends and without empty parts.
pub(crate) fn trimmed(path: &[u8]) -> Vec<u8> {
    super::root::parts(path).collect::<Vec<_>>().join(&b'/')
}
