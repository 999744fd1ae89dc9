//! Unpacks archives into a tree.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use file_set::Owner;

use super::PlaceError;
use super::copy::trimmed;
use super::dress::{Dress, Time};
use super::owner::{Ids, ids};
use super::root::{Root, join, parts};
use super::tree::{Special, Tree, unusable};
use super::zip;
use crate::compression::Compression;
use crate::digest::{Digest, HashingReader};
use crate::entry::{Entry, Kind, Xattrs, keeps_xattr};
use crate::path::printable;
use crate::stream::{Member, Members, TarError};

/// A buffer that keeps system calls rare.
pub(super) const BUFFER: usize = 256 * 1024;

/// The length of the longest magic number of a compression.
const START: u64 = 8;

/// The length of the first bytes that tell a zip.
const START_OF_FILE: usize = 4;

/// Unpacks archives into a tree, one after the other.
#[derive(Debug)]
pub struct Unpacker {
    tree: Tree,
    to: Vec<u8>,
    owner: Option<Ids>,
}

impl Unpacker {
    /// An unpacker into the directory `to` of the tree below `target`. The directory is made if it is missing.
    pub fn new(target: &Path, to: &[u8]) -> Result<Self, PlaceError> {
        let root = Root::open(target).map_err(|source| PlaceError::Root {
            root: target.to_owned(),
            source,
        })?;
        let mut tree = Tree::new(root);
        let to = trimmed(to);
        if !to.is_empty() {
            tree.directory(&to, &Dress::of_parent())?;
        }
        Ok(Self {
            tree,
            to,
            owner: None,
        })
    }

    /// Gives everything in the archives this owner, instead of the one that the archive has.
    pub fn with_owner(mut self, owner: &Owner) -> Result<Self, PlaceError> {
        self.owner = Some(ids(self.tree.root(), owner)?);
        Ok(self)
    }

    /// Unpacks one tar, in any compression that BuildKit knows. Directories that exist keep mode, owner and time; new
    /// ones that the tar does not declare are 0755, of root, with time 0. No path leads out of the tree. Of two
    /// entries for one path, the later one counts.
    pub fn unpack(&mut self, reader: impl Read) -> Result<(), PlaceError> {
        self.unpack_hashed(reader).map(drop)
    }

    /// Unpacks one tar as [`unpack`](Self::unpack) does, and refuses a tar with another digest. The digest is known
    /// only at the end: after an error, the files in the tree must not be used.
    pub fn unpack_verified(
        &mut self,
        reader: impl Read,
        expected: Digest,
    ) -> Result<(), PlaceError> {
        let found = self.unpack_hashed(reader)?;
        if found == expected {
            Ok(())
        } else {
            Err(PlaceError::Digest { expected, found })
        }
    }

    /// Unpacks an archive that is a file: a zip, or a tar as [`unpack`](Self::unpack) does.
    pub fn unpack_file(&mut self, file: File) -> Result<(), PlaceError> {
        let mut start = [0; START_OF_FILE];
        let length = file.read_at(&mut start, 0).map_err(TarError::Read)?;
        if zip::is_zip(&start[..length]) {
            return zip::unpack(self, file);
        }
        self.unpack(file)
    }

    fn unpack_hashed(&mut self, reader: impl Read) -> Result<Digest, PlaceError> {
        let mut raw = BufReader::with_capacity(BUFFER, HashingReader::new(reader));
        let mut start = Vec::new();
        (&mut raw)
            .take(START)
            .read_to_end(&mut start)
            .map_err(TarError::Read)?;
        let compression = Compression::detect(&start);
        let whole = start.as_slice().chain(&mut raw);
        {
            let plain = compression.decompress(whole).map_err(TarError::Read)?;
            let mut members = Members::new(BufReader::with_capacity(BUFFER, plain));
            while let Some(member) = members.next()? {
                self.member(member, &mut members)?;
            }
        }
        // The bytes after the compressed stream are read too, so that the digest is that of the whole file.
        io::copy(&mut raw, &mut io::sink()).map_err(TarError::Read)?;
        Ok(raw.into_inner().into_tally().digest())
    }

    /// Sets the times of directories. Without this call, they have the time of unpacking.
    pub fn finish(self) -> Result<(), PlaceError> {
        self.tree.finish()
    }

    fn member<R: BufRead>(
        &mut self,
        mut member: Member,
        members: &mut Members<R>,
    ) -> Result<(), PlaceError> {
        // Archives made with `tar -C DIR .` begin every path with `./`.
        let name = cleaned(&member.name)?;
        if name.is_empty() {
            // The root of the archive: the target directory, which exists.
            return Ok(());
        }
        let path = join(&self.to, &name);
        member.name = name;
        if member.typeflag == b'1' {
            member.link = cleaned(&member.link)?;
        }
        let entry = Entry::try_from(member)?;
        self.entry(&path, &entry, members)
    }

    /// Makes the directory at `path` of the archive.
    pub(super) fn put_directory(&mut self, path: &[u8], dress: &Dress) -> Result<(), PlaceError> {
        let dress = self.owned(dress.clone());
        self.tree.directory(&join(&self.to, path), &dress)
    }

    /// Makes the file at `path` of the archive; `fill` writes its content.
    pub(super) fn put_file(
        &mut self,
        path: &[u8],
        dress: &Dress,
        fill: impl FnOnce(&mut File) -> Result<(), PlaceError>,
    ) -> Result<(), PlaceError> {
        let dress = self.owned(dress.clone());
        self.tree.file(&join(&self.to, path), &dress, fill)
    }

    /// Makes the link at `path` of the archive.
    pub(super) fn put_special(
        &mut self,
        path: &[u8],
        dress: &Dress,
        special: &Special,
    ) -> Result<(), PlaceError> {
        let dress = self.owned(dress.clone());
        self.tree.special(&join(&self.to, path), &dress, special)
    }

    /// The metadata with the owner of everything, if there is one.
    fn owned(&self, dress: Dress) -> Dress {
        match self.owner {
            Some(Ids { uid, gid }) => Dress { uid, gid, ..dress },
            None => dress,
        }
    }

    fn entry<R: BufRead>(
        &mut self,
        path: &[u8],
        entry: &Entry,
        members: &mut Members<R>,
    ) -> Result<(), PlaceError> {
        let dress = self.owned(dress(entry));
        match &entry.kind {
            Kind::Directory => self.tree.directory(path, &dress),
            Kind::File { .. } => self
                .tree
                .file(path, &dress, |file| fill(file, path, members)),
            Kind::Symlink { target } => {
                let link = Special::Symlink(target.clone());
                self.tree.special(path, &dress, &link)
            }
            Kind::HardLink { target } => {
                let target = join(&self.to, target.as_bytes());
                self.tree.hard_link(path, &target)
            }
            Kind::Fifo => self.tree.special(path, &dress, &Special::Fifo),
            Kind::Device {
                class,
                major,
                minor,
            } => {
                let device = Special::Device {
                    class: *class,
                    major: *major,
                    minor: *minor,
                };
                self.tree.special(path, &dress, &device)
            }
        }
    }
}

pub(super) fn fill<R: BufRead>(
    file: &mut File,
    path: &[u8],
    members: &mut Members<R>,
) -> Result<(), PlaceError> {
    while let Some(piece) = members.content()? {
        file.write_all(piece).map_err(unusable(path))?;
    }
    Ok(())
}

fn dress(entry: &Entry) -> Dress {
    let kept = entry.xattrs.iter().filter(|(name, _)| keeps_xattr(name));
    let xattrs: Xattrs = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Dress {
        uid: entry.uid,
        gid: entry.gid,
        mode: entry.mode,
        time: Time {
            seconds: entry.mtime,
            nanoseconds: 0,
        },
        xattrs,
    }
}

/// The shortest form of an archive's path. A path that leads out of the archive is an error.
pub(super) fn cleaned(path: &[u8]) -> Result<Vec<u8>, PlaceError> {
    if parts(path).any(|part| part == b"..") {
        return Err(PlaceError::Outside {
            path: printable(path),
        });
    }
    Ok(trimmed(path))
}
