//! Regular files: anything else is refused, and never waited for.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::AsFd,
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags};

/// What happens with a link in the place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// What it leads to is opened.
    Follow,
    /// It is refused.
    Refuse,
}

/// Opens a regular file. A FIFO has nobody at its other end and a device may have no end, so they are errors.
pub(crate) fn open(path: &Path, links: Links) -> io::Result<File> {
    open_in(CWD, path, links)
}

/// The same of a path in an open directory.
pub(crate) fn open_in(directory: impl AsFd, path: &Path, links: Links) -> io::Result<File> {
    let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = File::from(rustix::fs::openat(directory, path, flags, Mode::empty())?);
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        let error = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    }
    Ok(file)
}

/// The content of a regular file.
pub(crate) fn read(path: &Path, links: Links) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, links)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use rustix::fs::FileType;

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("file"), "x").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        rustix::fs::mknodat(CWD, path("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(read(&path("file"), Links::Refuse).unwrap(), b"x");
        assert_eq!(read(&path("link"), Links::Follow).unwrap(), b"x");
        assert!(read(&path("link"), Links::Refuse).is_err());
        for odd in [path("fifo"), "/dev/zero".into(), directory.path().into()] {
            assert!(read(&odd, Links::Follow).is_err(), "{}", odd.display());
        }
        let missing = read(&path("gone"), Links::Follow).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
