//! A directory of input files, read without following any link: every step down opens one name in a directory that is
//! already open, so that a directory that is replaced meanwhile leads nowhere else.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read as _},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt as _, ffi::OsStringExt as _, fs::PermissionsExt as _},
    },
    path::{Component, Path, PathBuf},
};

use catalog::{FileContent, InputFile, MAX_INLINE_FILE};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::{
    files::{InputDirectory, PathKind},
    hash,
    regular_file::{self, Links},
};

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// A directory on this machine.
pub(crate) struct Directory {
    root: OwnedFd,
    /// For messages.
    path: PathBuf,
}

impl Directory {
    /// Opens it; it may be reached through a link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            root: rustix::fs::open(path, DIRECTORY, Mode::empty())?,
            path: path.to_owned(),
        })
    }

    /// Opens a regular file below it.
    pub(crate) fn regular(&self, path: &Path) -> io::Result<File> {
        let (parent, name) = self.parent(path)?;
        regular_file::open_in(&parent, Path::new(name), Links::Refuse)
    }

    /// The content of a regular file below it.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.regular(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A directory below it, or itself.
    fn directory(&self, path: &Path) -> io::Result<OwnedFd> {
        let mut open = self.root.try_clone()?;
        for component in path.components() {
            let name = plain(component)?;
            let flags = DIRECTORY.union(OFlags::NOFOLLOW);
            open = rustix::fs::openat(&open, name, flags, Mode::empty())?;
        }
        Ok(open)
    }

    /// The directory that has a path, and the name that it has there.
    fn parent<'a>(&self, path: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
        let parent = self.directory(path.parent().unwrap_or(Path::new("")))?;
        let name = match path.components().next_back() {
            Some(component) => plain(component)?,
            None => OsStr::new("."),
        };
        Ok((parent, name))
    }
}

/// The name of a component that leads down.
fn plain(component: Component<'_>) -> io::Result<&OsStr> {
    match component {
        Component::Normal(name) => Ok(name),
        Component::CurDir => Ok(OsStr::new(".")),
        Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
            let error = "the path leads out of the directory";
            Err(io::Error::new(io::ErrorKind::InvalidInput, error))
        }
    }
}

impl InputDirectory for Directory {
    fn name(&self) -> String {
        format!("the directory `{}`", self.path.display())
    }

    fn kind(&self, path: &Path) -> io::Result<PathKind> {
        let (parent, name) = self.parent(path)?;
        let stat = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => PathKind::Directory,
            FileType::Symlink => PathKind::Symlink,
            FileType::RegularFile => PathKind::File,
            _ => PathKind::Special,
        })
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<(OsString, bool)>> {
        let open = self.directory(directory)?;
        let mut names = Vec::new();
        for entry in Dir::read_from(&open)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Not every file system says it here.
                FileType::Unknown => {
                    let stat = rustix::fs::statat(&open, name, AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(stat.st_mode)
                }
                kind => kind,
            };
            let name = OsStr::from_bytes(name).to_owned();
            names.push((name, kind == FileType::Directory));
        }
        Ok(names)
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        let (parent, name) = self.parent(link)?;
        let target = rustix::fs::readlinkat(&parent, name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn file(&self, path: &Path) -> io::Result<InputFile> {
        read_file(self.regular(path)?)
    }
}

/// A short file is read whole, a long one hashed as it streams by.
fn read_file(mut file: File) -> io::Result<InputFile> {
    let metadata = file.metadata()?;
    let mode = metadata.permissions().mode();
    let executable = mode & 0o100 != 0;
    if metadata.len() <= MAX_INLINE_FILE {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        return Ok(InputFile::from_bytes(executable, bytes).with_mode(mode));
    }
    let (sha256, size) = hash::sha256(&mut file)?;
    let file = InputFile {
        executable,
        kept: None,
        content: FileContent::Hashed { sha256, size },
    };
    Ok(file.with_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    /// A directory becomes a link after it was looked at, as it may between two steps of a plan.
    #[test]
    fn what_takes_the_place_of_a_directory_leads_nowhere() {
        let outer = tempfile::tempdir().unwrap();
        let path = |name: &str| outer.path().join(name);
        for (directory, content) in [("context/a/b", "own"), ("elsewhere/b", "secret")] {
            fs::create_dir_all(path(directory)).unwrap();
            fs::write(path(directory).join("file"), content).unwrap();
            symlink(content, path(directory).join("link")).unwrap();
        }
        let directory = Directory::open(&path("context")).unwrap();
        let file = Path::new("a/b/file");
        assert_eq!(directory.read(file).unwrap(), b"own");
        assert_eq!(directory.kind(file).unwrap(), PathKind::File);
        assert_eq!(directory.names(Path::new("a/b")).unwrap().len(), 2);
        let target = directory.target(Path::new("a/b/link")).unwrap();
        assert_eq!(target, Path::new("own"));
        fs::rename(path("context/a"), path("context/old")).unwrap();
        for to in [
            "../elsewhere".into(),
            path("elsewhere"),
            path("context/old"),
        ] {
            symlink(to, path("context/a")).unwrap();
            assert_eq!(directory.kind(Path::new("a")).unwrap(), PathKind::Symlink);
            assert!(directory.kind(file).is_err());
            assert!(directory.read(file).is_err());
            assert!(directory.file(file).is_err());
            assert!(directory.names(Path::new("a")).is_err());
            assert!(directory.names(Path::new("a/b")).is_err());
            assert!(directory.target(Path::new("a/b/link")).is_err());
            fs::remove_file(path("context/a")).unwrap();
        }
        // The directory itself stays the one that was opened.
        fs::rename(path("context"), path("moved")).unwrap();
        symlink("elsewhere", path("context")).unwrap();
        assert!(directory.read(Path::new("b/file")).is_err());
        assert_eq!(directory.read(Path::new("old/b/file")).unwrap(), b"own");
    }

    #[test]
    fn no_path_leads_up() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Directory::open(directory.path()).unwrap();
        for path in ["..", "../x", "a/../../x", "/etc/passwd", "/"] {
            assert!(directory.kind(Path::new(path)).is_err(), "{path}");
            assert!(directory.read(Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(directory.kind(Path::new("")).unwrap(), PathKind::Directory);
        assert_eq!(directory.kind(Path::new(".")).unwrap(), PathKind::Directory);
    }
}
