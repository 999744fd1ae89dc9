//! Makes bundles of files on disk.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use file_set::{FileSetDigest, Kind};
use rustix::fs::{AtFlags, FileType, readlinkat, statat};

use super::{BUNDLE_END, Bundled, Cuts, bundle_name};
use crate::digest::{Digest, HashingReader};
use crate::path::printable;
use crate::place::{Content, Last, PlaceError, Root, join, split};
use crate::walk::{Walk, open_directory, open_file};

/// The name of a bundle until it is complete.
const DRAFT: &str = ".draft";

/// A file that goes into a bundle.
enum Found {
    File { executable: bool, size: u64 },
    Symlink(Vec<u8>),
}

/// Makes bundles of the files in the directory `path` of the tree below `source`, as files in the directory `target`.
/// Fails if the files do not have the digest `content`; the files in `target` must not be used then.
pub fn bundle(
    source: &Path,
    path: &[u8],
    target: &Path,
    content: Digest,
) -> Result<(), PlaceError> {
    let root = Root::open(source).map_err(|error| PlaceError::Root {
        root: source.to_owned(),
        source: error,
    })?;
    let directory = directory(&root, path).map_err(unreadable(path))?;
    let files = files(directory, path)?;
    let mut bundles = Bundles {
        target,
        current: None,
        content: Content::default(),
    };
    let mut cuts = Cuts::default();
    for (below, found) in &files {
        let size = match found {
            Found::File { size, .. } => *size,
            Found::Symlink(_) => 0,
        };
        if cuts.is_before(below, size) {
            bundles.next()?;
        }
        let from = join(path, below);
        match found {
            Found::Symlink(link) => bundles.symlink(below, link)?,
            Found::File { executable, size } => {
                let opened = open(&root, &from).map_err(unreadable(&from))?;
                bundles.file(below, *executable, *size, opened)?;
            }
        }
    }
    bundles.close()?;
    bundles.content.check(content)
}

fn directory(root: &Root, path: &[u8]) -> io::Result<OwnedFd> {
    let place = root.resolve(path, Last::Keep)?;
    if !place.is_directory() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    root.open_directory(&place)
}

fn open(root: &Root, path: &[u8]) -> io::Result<File> {
    let place = root.resolve(path, Last::Keep)?;
    let name = CString::new(split(path).1)?;
    Ok(open_file(place.directory.as_fd(), &name)?.into())
}

/// The entries of a directory, in the order of the bytes of paths.
fn files(directory: OwnedFd, path: &[u8]) -> Result<BTreeMap<Vec<u8>, Found>, PlaceError> {
    let mut files = BTreeMap::new();
    let mut walk = Walk::of(directory).map_err(unreadable(path))?;
    while let Some(step) = walk.next() {
        let entry = step.path.clone();
        let below = entry.as_bytes().to_vec();
        let from = join(path, &below);
        let failed = unreadable(&from);
        let stat = statat(step.directory, &step.name, AtFlags::SYMLINK_NOFOLLOW);
        let stat = stat.map_err(|error| failed(error.into()))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let opened = open_directory(step.directory, &step.name).map_err(&failed)?;
                walk.enter(opened, &entry).map_err(&failed)?;
            }
            FileType::RegularFile => {
                let found = Found::File {
                    executable: stat.st_mode & 0o100 != 0,
                    size: u64::try_from(stat.st_size).unwrap_or_default(),
                };
                files.insert(below, found);
            }
            FileType::Symlink => {
                let target = readlinkat(step.directory, &step.name, Vec::new());
                let target = target.map_err(|error| failed(error.into()))?;
                files.insert(below, Found::Symlink(target.into_bytes()));
            }
            // A file set has no such file: the digest without it would be accepted.
            _ => {
                let error = "it is neither a file, nor a directory, nor a symbolic link";
                return Err(failed(io::Error::other(error)));
            }
        }
    }
    Ok(files)
}

struct Bundles<'a> {
    target: &'a Path,
    current: Option<Current>,
    /// The digest of all bundled files.
    content: Content,
}

/// The bundle that is being written.
struct Current {
    writer: BufWriter<File>,
    files: FileSetDigest,
}

impl Bundles<'_> {
    fn draft(&self) -> PathBuf {
        self.target.join(DRAFT)
    }

    /// Begins the next bundle.
    fn next(&mut self) -> Result<(), PlaceError> {
        self.close()?;
        let file = File::create_new(self.draft()).map_err(unwritable)?;
        self.current = Some(Current {
            writer: BufWriter::with_capacity(256 * 1024, file),
            files: FileSetDigest::new(),
        });
        Ok(())
    }

    /// Gives the current bundle its name.
    fn close(&mut self) -> Result<(), PlaceError> {
        let Some(mut current) = self.current.take() else {
            return Ok(());
        };
        let written = current.writer.write_all(&BUNDLE_END);
        written
            .and_then(|()| current.writer.flush())
            .map_err(unwritable)?;
        let name = bundle_name(&current.files.finish());
        std::fs::rename(self.draft(), self.target.join(name)).map_err(unwritable)
    }

    fn symlink(&mut self, below: &[u8], link: &[u8]) -> Result<(), PlaceError> {
        self.write(&Bundled::symlink(below, link)?.header()?)?;
        self.note(below, Kind::Symlink, Digest::of(link));
        Ok(())
    }

    fn file(
        &mut self,
        below: &[u8],
        executable: bool,
        size: u64,
        opened: File,
    ) -> Result<(), PlaceError> {
        let bundled = Bundled::file(below, executable, size)?;
        self.write(&bundled.header()?)?;
        // As many bytes as the header says, even if the file has changed its size.
        let mut hashed = HashingReader::new(opened.take(size));
        let writer = &mut self.writer().writer;
        let copied = io::copy(&mut hashed, writer).map_err(unreadable(below))?;
        if copied != size {
            return Err(unreadable(below)(io::ErrorKind::UnexpectedEof.into()));
        }
        self.write(bundled.padding())?;
        let digest = hashed.into_tally().digest();
        self.note(below, Kind::File { executable }, digest);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PlaceError> {
        self.writer().writer.write_all(bytes).map_err(unwritable)
    }

    fn note(&mut self, below: &[u8], kind: Kind, digest: Digest) {
        self.writer().files.add(below, kind, digest.as_bytes());
        self.content.note(below.to_vec(), kind, digest);
    }

    fn writer(&mut self) -> &mut Current {
        let current = self.current.as_mut();
        current.expect("a cut is before the first file")
    }
}

fn unreadable(path: &[u8]) -> impl Fn(io::Error) -> PlaceError + '_ {
    move |source| PlaceError::Source {
        path: printable(path),
        source,
    }
}

fn unwritable(source: io::Error) -> PlaceError {
    PlaceError::Target {
        path: DRAFT.to_owned(),
        source,
    }
}
