//! Files and directories that appear under their final names only when they are complete.

mod files_draft;
pub(crate) mod made;
mod sweep;
mod target;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use rustix::fs::{Access, OFlags};
use tempfile::{Builder, NamedTempFile};

pub(crate) use self::files_draft::FilesDraft;
use self::{
    made::Made,
    target::{Target, canonical_directory_of, directory_of},
};
use crate::fingerprint::Fingerprint;

/// Why an output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Its directory cannot be made or written to.
    #[error("cannot write to the directory `{}`", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be completed.
    #[error("cannot write `{}`", path.display())]
    File {
        /// Its final path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is something in the place of a directory that no earlier build has put there.
    #[error(
        "`{}` is not empty, and nothing says that llbgen has written it",
        path.display()
    )]
    Occupied {
        /// The path of the output.
        path: PathBuf,
    },
    /// The file, or a directory on the way to it, is a link out of the output directory.
    #[error(
        "`{}` is not in `{}`, but behind a link, at `{}`",
        path.display(),
        directory.display(),
        target.display()
    )]
    Outside {
        /// The path of the output.
        path: PathBuf,
        /// The output directory.
        directory: PathBuf,
        /// Where the output would be written.
        target: PathBuf,
    },
}

/// How the name of a draft ends. Before it stand a dot, the name of the output, a dot and [`RANDOM`] characters.
const SUFFIX: &str = ".partial";

/// How many random letters and digits the name of a draft has, as `tempfile` has them by default.
const RANDOM: usize = 6;

/// How often the directory of a draft is made again, when another call that failed has removed it while it was empty.
const MOST_ATTEMPTS: usize = 100;

/// A file in the making, beside its final path and under another name; dropped, it leaves nothing behind.
///
/// It is locked as long as it has an owner. The draft of a killed process is not locked, and goes when the next draft
/// of the same output is made.
///
/// Only a regular file is replaced. A device, a FIFO and an open file such as `/dev/stdout` are written to as they are.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    body: Body,
    /// The output directory, when it was made for this draft. Dropped after the body, without which it can be removed.
    made: Option<Made>,
}

/// Where the bytes go until they are complete.
#[derive(Debug)]
enum Body {
    /// Into a file of its own, which takes the place of `target`.
    File {
        file: NamedTempFile,
        target: PathBuf,
        /// Dropped after the file, without which its directory can be removed.
        made: Made,
    },
    /// Directly into what is there. Opened with the first byte: opening a FIFO waits for its reader.
    Through {
        target: PathBuf,
        open: OnceLock<File>,
    },
}

impl Draft {
    /// Makes the directory of `path` when it is not there, and the draft in it. A link at `path` is followed.
    pub(crate) fn create(path: &Path) -> Result<Self, OutputError> {
        let target = Target::of(path).map_err(|source| unwritable(path, source))?;
        Self::of(path, target)
    }

    /// The same in an output directory: no link below it leads the output out of it.
    pub(crate) fn create_in(directory: &Path, path: &Path) -> Result<Self, OutputError> {
        let target = Target::of(path).map_err(|source| unwritable(path, source))?;
        let made = made_within(directory, path, target.path())?;
        let draft = Self::of(path, target)?;
        Ok(Self {
            made: Some(made),
            ..draft
        })
    }

    fn of(path: &Path, target: Target) -> Result<Self, OutputError> {
        let body = match target {
            Target::File(target) => {
                let begin = |builder: &Builder<'_, '_>, directory: &Path| {
                    // What the umask leaves of it, as with any new file.
                    let mut builder = builder.clone();
                    builder.permissions(Permissions::from_mode(0o666));
                    builder.tempfile_in(directory)
                };
                let (file, made) = new_draft(&target, begin, NamedTempFile::as_file)?;
                Body::File { file, target, made }
            }
            Target::Through(target) => {
                rustix::fs::access(&target, Access::WRITE_OK)
                    .map_err(|error| unwritable(path, error.into()))?;
                Body::Through {
                    target,
                    open: OnceLock::new(),
                }
            }
        };
        Ok(Self {
            path: path.to_owned(),
            body,
            made: None,
        })
    }

    /// The same with the permissions of the file that it replaces, if there is one.
    pub(crate) fn with_permissions_kept(self) -> Result<Self, OutputError> {
        if let Body::File { file, target, .. } = &self.body
            && let Ok(found) = fs::metadata(target)
        {
            let kept = file.as_file().set_permissions(found.permissions());
            kept.map_err(|source| unwritable(&self.path, source))?;
        }
        Ok(self)
    }

    /// Its final path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where to write.
    pub(crate) fn writer(&self) -> io::Result<BufWriter<&File>> {
        Ok(BufWriter::with_capacity(256 * 1024, self.file()?))
    }

    /// Removes the file that it will replace, so that the output of an earlier call does not stand there meanwhile.
    pub(crate) fn remove_earlier(&self) -> Result<(), OutputError> {
        let Body::File { target, .. } = &self.body else {
            return Ok(());
        };
        match fs::remove_file(target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(unwritable(&self.path, error))
            }
            _ => Ok(()),
        }
    }

    /// Writes `bytes`, and gives the file its final name.
    pub(crate) fn publish_bytes(self, bytes: &[u8]) -> Result<(), OutputError> {
        let written = self.file().and_then(|mut file| file.write_all(bytes));
        written.map_err(|source| unwritable(&self.path, source))?;
        self.publish()?;
        Ok(())
    }

    /// Gives the file its final name, once its bytes are on the disk. Returns its fingerprint, taken before, so that it
    /// cannot be another file's; `None` for an output that was written through.
    pub(crate) fn publish(self) -> Result<Option<Fingerprint>, OutputError> {
        let Self {
            path,
            body,
            made: _out,
        } = self;
        let Body::File {
            file,
            target,
            made: _made,
        } = body
        else {
            return Ok(None);
        };
        let failed = |source| unwritable(&path, source);
        file.as_file().sync_all().map_err(failed)?;
        let complete = file.as_file().metadata().map_err(failed)?;
        file.persist(&target).map_err(|error| failed(error.error))?;
        File::open(directory_of(&target))
            .and_then(|directory| directory.sync_all())
            .map_err(failed)?;
        Ok(Some(Fingerprint::of(&complete)))
    }

    fn file(&self) -> io::Result<&File> {
        let (target, open) = match &self.body {
            Body::File { file, .. } => return Ok(file.as_file()),
            Body::Through { target, open } => (target, open),
        };
        if let Some(file) = open.get() {
            return Ok(file);
        }
        // The file behind stdout may have bytes already: they stay.
        let is_file = fs::metadata(target)?.is_file();
        let flags = if is_file {
            OFlags::APPEND
        } else {
            OFlags::empty()
        };
        let mut options = File::options();
        options.write(true).custom_flags(flags.bits().cast_signed());
        let file = options.open(target)?;
        Ok(open.get_or_init(|| file))
    }
}

/// Whether `path` is below `directory`, which is there, when links are followed on the way to it.
pub(crate) fn is_within(directory: &Path, path: &Path) -> io::Result<bool> {
    Ok(canonical_directory_of(path)?.starts_with(fs::canonicalize(directory)?))
}

fn unwritable(path: &Path, source: io::Error) -> OutputError {
    OutputError::File {
        path: path.to_owned(),
        source,
    }
}

fn unusable(directory: &Path, source: io::Error) -> OutputError {
    let source = match source.kind() {
        // A file has the name.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => source,
    };
    OutputError::Directory {
        directory: directory.to_owned(),
        source,
    }
}

/// The output directory, made for an output at `path`, which is written at `target`: an error if one of them is not in it.
fn made_within(directory: &Path, path: &Path, target: &Path) -> Result<Made, OutputError> {
    let made = Made::make(directory).map_err(|source| unusable(directory, source))?;
    for place in [path, target] {
        let is_within = is_within(directory, place);
        if !is_within.map_err(|source| unusable(directory_of(place), source))? {
            return Err(OutputError::Outside {
                path: path.to_owned(),
                directory: directory.to_owned(),
                target: target.to_owned(),
            });
        }
    }
    Ok(made)
}

/// The body of a draft beside `target`, locked, and the directories that were made for it.
fn new_draft<T>(
    target: &Path,
    begin: impl Fn(&Builder<'_, '_>, &Path) -> io::Result<T>,
    lock: impl Fn(&T) -> &File,
) -> Result<(T, Made), OutputError> {
    let directory = directory_of(target);
    let failed = |source| unusable(directory, source);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut attempts = 0..MOST_ATTEMPTS;
    loop {
        let made = Made::make(directory).map_err(failed)?;
        sweep::sweep(directory, &prefix);
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(SUFFIX).rand_bytes(RANDOM);
        match begin(&builder, directory) {
            Ok(body) if sweep::own(lock(&body)).map_err(failed)? => return Ok((body, made)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts.next().is_some() => {}
            Err(error) => return Err(failed(error)),
        }
    }
}
