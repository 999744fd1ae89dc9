//! Copies a path of one tree into another.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Stat, fstat, major, minor, readlinkat, statat};

use file_set::{Excludes, Kind, Mode, Owner};

use super::PlaceError;
use super::content::Content;
use super::dress::{Dress, Time};
use super::glob;
use super::owner::{Ids, ids};
use super::pending::Pending;
use super::root::{Last, Root, join, parts, split};
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
    /// The mode of all files, which changes that of the source, or 0644 or 0755 with `plain`. Copied directories get it
    /// with the right to enter them for everybody who may read them.
    pub mode: Option<Mode>,
    /// The owner of all copied files and directories; by default, that of the source. Directories above them do not get
    /// it.
    pub owner: Option<Owner>,
    /// The time of all files and directories, in seconds since 1970; by default, those of the source.
    pub time: Option<i64>,
    /// Whether the files become like those of a git checkout: owner 0:0, mode 0755 if the owner may execute the file
    /// and else 0644, time 0, no attributes, one file for every name, and no empty directories. The umask does not
    /// count.
    pub plain: bool,
    /// Whether `plain` leaves the modes of files as they are.
    pub keeps_modes: bool,
    /// The digest that the copied files must have, as [`file_set`] makes it; by default, any. Not for a pattern that
    /// matches several paths.
    pub content: Option<Digest>,
    /// The names of files and directories that are left out, at any depth.
    pub without: Vec<Vec<u8>>,
    /// The paths that are left out, relative to a copied directory, or to the part of `path` before its first pattern.
    pub exclude: Excludes,
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
    let owner = copy.owner.as_ref().map(|owner| ids(&into, owner));
    let mut copier = Copier {
        copy,
        owner: owner.transpose()?,
        tree: Tree::new(into),
        pending: Pending::default(),
        links: BTreeMap::new(),
        first_names: BTreeMap::new(),
        copied: copy.content.map(|_| Content::default()),
    };
    let literal = glob::literal_parts(&copy.path);
    for path in &paths {
        let matched: Vec<&[u8]> = parts(path).skip(literal).collect();
        let matched = matched.join(&b'/');
        if matched.is_empty() || !copy.exclude.leave_out_below(&matched) {
            copier.named(&from, path, &matched, paths.len() > 1)?;
        }
    }
    if let (Some(expected), Some(copied)) = (copy.content, copier.copied) {
        copied.check(expected)?;
    }
    copier.tree.finish()
}

struct Copier<'a> {
    copy: &'a Copy,
    /// The owner of all that is copied, if it is not that of the source.
    owner: Option<Ids>,
    tree: Tree,
    /// Directories that are made when something goes into them.
    pending: Pending,
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
    /// Copies the file or directory at `path`, which is `matched` below the part before the first pattern. If it is one
    /// of several, `into` must be a directory.
    fn named(
        &mut self,
        from: &Root,
        path: &[u8],
        matched: &[u8],
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
                let dress = self.dressed(Dress::of_parent(), FileType::Directory);
                self.tree.directory(&to, &dress)?;
            }
            return self.directory(opened, path, matched, &to);
        }
        if !matched.is_empty() && self.copy.exclude.leave_out(matched) {
            return Ok(());
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

    /// Copies the entries of a directory, which is `matched` below the part of its path before the first pattern.
    fn directory(
        &mut self,
        directory: OwnedFd,
        path: &[u8],
        matched: &[u8],
        to: &[u8],
    ) -> Result<(), PlaceError> {
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
            let below = join(matched, entry.as_bytes());
            let is_left_out = self.copy.exclude.leave_out(&below);
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
                if !is_left_out {
                    self.member(&found, &to)?;
                }
                continue;
            }
            if self.copy.exclude.leave_out_below(&below) {
                continue;
            }
            let opened =
                open_directory(found.at, &found.name).map_err(|error| found.unreadable(error))?;
            let xattrs = xattr::of_open(opened.as_fd()).map_err(|error| found.unreadable(error))?;
            self.pending.add(&to, self.dress(&found.stat, xattrs));
            if !self.copy.plain && !is_left_out {
                self.pending.make_above(&to, &mut self.tree)?;
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
        self.pending.make_above(to, &mut self.tree)?;
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
        let kind = if self.copy.keeps_modes {
            Kind::Kept(stat.st_mode & 0o7777)
        } else {
            let executable = stat.st_mode & 0o100 != 0;
            Kind::File { executable }
        };
        let digest = hashed.into_tally().digest();
        self.note(found, kind, digest);
        Ok(())
    }

    /// Adds a copied file to the digest.
    fn note(&mut self, found: &Found<'_>, kind: Kind, digest: Digest) {
        if let Some(copied) = &mut self.copied {
            copied.note(found.below.clone(), kind, digest);
        }
    }

    /// The metadata in the target of something in the source.
    fn dress(&self, stat: &Stat, xattrs: Xattrs) -> Dress {
        let file_type = FileType::from_raw_mode(stat.st_mode);
        self.dressed(self.own_dress(stat, file_type, xattrs), file_type)
    }

    /// The metadata before mode and owner of the copy.
    fn own_dress(&self, stat: &Stat, file_type: FileType, xattrs: Xattrs) -> Dress {
        let own_mode = stat.st_mode & 0o7777;
        if self.copy.plain {
            let is_kept = self.copy.keeps_modes && file_type != FileType::Directory;
            let is_executable = file_type == FileType::Directory || own_mode & 0o100 != 0;
            return Dress {
                mode: match (is_kept, is_executable) {
                    (true, _) => own_mode,
                    (false, true) => 0o755,
                    (false, false) => 0o644,
                },
                ..Dress::of_parent()
            };
        }
        let own_time = Time::of(stat);
        Dress {
            uid: stat.st_uid,
            gid: stat.st_gid,
            mode: own_mode,
            time: self.copy.time.map_or(own_time, |seconds| Time {
                seconds,
                nanoseconds: 0,
            }),
            xattrs,
        }
    }

    /// The metadata with mode and owner of the copy.
    fn dressed(&self, dress: Dress, file_type: FileType) -> Dress {
        let owner = self.owner.unwrap_or(Ids {
            uid: dress.uid,
            gid: dress.gid,
        });
        let mode = self.copy.mode.as_ref();
        Dress {
            uid: owner.uid,
            gid: owner.gid,
            mode: mode.map_or(dress.mode, |mode| match file_type {
                FileType::Directory => mode.of_directory_above(dress.mode),
                _ => mode.of_file(dress.mode),
            }),
            ..dress
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
