//! A directory of the client, with the requested files, read through the gateway.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use buildkit_client::{FileKind, FileStat, Gateway, GatewayError, Reference};
use catalog::{FileContent, InputFile, MAX_INLINE_FILE};
use engine::files::{InputDirectory, PathKind};
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

/// The most files that are read at a time.
const AT_A_TIME: usize = 16;

/// The largest file that is read as a whole: a lock, or a catalog.
const MAX_READ: u64 = 16 << 20;

/// The content of a directory.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    name: String,
    reference: Option<Reference>,
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug)]
enum Entry {
    Directory(Vec<(OsString, bool)>),
    File(InputFile),
    Symlink(String),
    Special,
}

impl Snapshot {
    /// Reads all files in `reference`; errors call it `name`.
    pub(crate) async fn read(
        gateway: &Gateway,
        reference: Option<Reference>,
        name: &str,
    ) -> Result<Self, GatewayError> {
        let name = name.to_owned();
        let mut entries = BTreeMap::from([(PathBuf::new(), Entry::Directory(Vec::new()))]);
        let Some(files_of) = &reference else {
            return Ok(Self {
                name,
                reference,
                entries,
            });
        };
        let mut files = Vec::new();
        let mut open = vec![PathBuf::new()];
        while let Some(directory) = open.pop() {
            let mut names = Vec::new();
            for stat in gateway.read_dir(files_of, &absolute(&directory)).await? {
                let path = directory.join(&stat.name);
                names.push((stat.name.clone().into(), stat.kind == FileKind::Directory));
                match stat.kind {
                    FileKind::Directory => open.push(path),
                    FileKind::File => files.push((path, stat)),
                    FileKind::Symlink(target) => drop(entries.insert(path, Entry::Symlink(target))),
                    FileKind::Special => drop(entries.insert(path, Entry::Special)),
                }
            }
            entries.insert(directory, Entry::Directory(names));
        }
        let read = |(path, stat): (PathBuf, FileStat)| async move {
            let file = read_file(gateway, files_of, &absolute(&path), &stat).await?;
            Ok::<_, GatewayError>((path, Entry::File(file)))
        };
        let files = stream::iter(files).map(read).buffer_unordered(AT_A_TIME);
        let files: Vec<_> = files.try_collect().await?;
        entries.extend(files);
        Ok(Self {
            name,
            reference,
            entries,
        })
    }

    /// The bytes of a file, if there is one.
    pub(crate) async fn bytes(
        &self,
        gateway: &Gateway,
        path: &str,
    ) -> Result<Option<Vec<u8>>, GatewayError> {
        let (Some(Entry::File(file)), Some(reference)) =
            (self.entries.get(Path::new(path)), &self.reference)
        else {
            return Ok(None);
        };
        if let FileContent::Text(text) = &file.content {
            return Ok(Some(text.clone()));
        }
        let bytes = gateway.read_file(reference, path, MAX_READ).await?;
        Ok(bytes.map(Into::into))
    }

    fn entry(&self, path: &Path) -> io::Result<&Entry> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        self.entries.get(path).ok_or_else(missing)
    }
}

impl InputDirectory for Snapshot {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn kind(&self, path: &Path) -> io::Result<PathKind> {
        Ok(match self.entry(path)? {
            Entry::Directory(_) => PathKind::Directory,
            Entry::File(_) => PathKind::File,
            Entry::Symlink(_) => PathKind::Symlink,
            Entry::Special => PathKind::Special,
        })
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<(OsString, bool)>> {
        match self.entry(directory)? {
            Entry::Directory(names) => Ok(names.clone()),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        match self.entry(link)? {
            Entry::Symlink(target) => Ok(target.into()),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn file(&self, path: &Path) -> io::Result<InputFile> {
        match self.entry(path)? {
            Entry::File(file) => Ok(file.clone()),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// Reads a file: a short one whole; a long one is hashed as it comes.
async fn read_file(
    gateway: &Gateway,
    reference: &Reference,
    path: &str,
    stat: &FileStat,
) -> Result<InputFile, GatewayError> {
    let mode = stat.mode;
    let executable = mode & 0o100 != 0;
    let (mut hash, mut size, mut bytes) = (Sha256::new(), 0, Vec::new());
    loop {
        let part = gateway.read_part(reference, path, size).await?;
        hash.update(&part);
        size += part.len() as u64;
        if size <= MAX_INLINE_FILE {
            bytes.extend_from_slice(&part);
        }
        if part.is_empty() || size >= stat.size {
            break;
        }
    }
    if size <= MAX_INLINE_FILE {
        return Ok(InputFile::from_bytes(executable, bytes).with_mode(mode));
    }
    let sha256 = hash.finalize().into();
    let file = InputFile {
        executable,
        kept: None,
        content: FileContent::Hashed { sha256, size },
    };
    Ok(file.with_mode(mode))
}

fn absolute(path: &Path) -> String {
    format!("/{}", path.display())
}
