//! The target of an output: what stands at its path already.

use std::{
    fs, io,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

/// As many links are followed as the kernel follows.
const MOST_LINKS: usize = 40;

/// Where the bytes of an output go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A regular file, or nothing yet: a complete file takes its place.
    File(PathBuf),
    /// A device, a FIFO, or an open file of this process: it is written to, and stays what it is.
    Through(PathBuf),
}

impl Target {
    /// The target of `path`: links are followed, so that they stay.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            let kind = match fs::symlink_metadata(&path) {
                Ok(found) => found.file_type(),
                Err(error) if is_missing(&error) => return Ok(Self::File(path)),
                Err(error) => return Err(error),
            };
            if kind.is_symlink() {
                if is_descriptor(&path) {
                    return Ok(Self::Through(path));
                }
                path = directory_of(&path).join(fs::read_link(&path)?);
            } else if kind.is_file() {
                return Ok(Self::File(path));
            } else if kind.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            } else if kind.is_socket() {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it is a socket",
                ));
            } else {
                return Ok(Self::Through(path));
            }
        }
        Err(Errno::LOOP.into())
    }

    /// The path that is written to.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Through(path) => path,
        }
    }
}

/// The directory of a path; the current one for a name alone.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The directory that holds `path`, or the nearest one above it that is there, without links in it.
pub(super) fn canonical_directory_of(path: &Path) -> io::Result<PathBuf> {
    let mut directory = directory_of(path);
    loop {
        match fs::canonicalize(directory) {
            Err(error) if is_missing(&error) => match directory.parent() {
                Some(parent) if parent.as_os_str().is_empty() => return fs::canonicalize("."),
                Some(parent) => directory = parent,
                None => return Err(error),
            },
            found => return found,
        }
    }
}

/// Whether nothing is there. A file in the place of a directory counts, too: making the directory gives the better
/// error.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether a link is an open file of a process, as `/dev/stdout` is in the end: what it says may be no path at all.
fn is_descriptor(link: &Path) -> bool {
    fs::canonicalize(directory_of(link))
        .is_ok_and(|directory| directory.starts_with("/proc") && directory.ends_with("fd"))
}
