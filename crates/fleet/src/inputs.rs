//! The edge: reads exactly what a selection needs, and nothing that lies outside the context directory.

mod glob;

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use catalog::{
    ContextPath, FRONTEND_LOCAL, FileContent, FileSet, InputFile, Inputs, MAX_INLINE_FILE, Needs,
    Variant,
};

use self::glob::{Glob, Places};
use crate::{
    contexts::{self, BuildContext, RootfsError},
    frontend, hash,
    lock_file::{self, LockFileError},
    output::OutputError,
};

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The context directory is not there.
    #[error("cannot open the context directory `{}`", path.display())]
    Context {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A directory that the user gives is not there.
    #[error("cannot open the directory `{}` of the build context `{name}`", path.display())]
    BuildContext {
        /// The context's name.
        name: String,
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A declared file is not there or cannot be read.
    #[error("cannot read `{path}` in the directory `{}`", context.display())]
    Read {
        /// The path in the context directory.
        path: String,
        /// The context directory.
        context: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A glob that cannot be read.
    #[error("`{path}` is not a glob")]
    Glob {
        /// The glob.
        path: ContextPath,
        /// What is wrong with it.
        #[source]
        source: globset::Error,
    },
    /// A glob or directory that stands for no file.
    #[error("`{path}` stands for no file in the directory `{}`", context.display())]
    NoFile {
        /// The path or glob.
        path: ContextPath,
        /// The context directory.
        context: PathBuf,
    },
    /// A symbolic link out of the context directory.
    #[error("`{path}` is a symbolic link to `{target}`, out of the directory `{}`", context.display())]
    Outside {
        /// The link.
        path: String,
        /// What it points to.
        target: String,
        /// The context directory.
        context: PathBuf,
    },
    /// A declared path that is, or lies behind, a symbolic link.
    #[error(
        "`{declared}` cannot be declared: `{link}` is a symbolic link; declare what it points to"
    )]
    BehindLink {
        /// The declared path.
        declared: ContextPath,
        /// The link.
        link: String,
    },
    /// A socket, device or pipe.
    #[error("`{path}` is neither a file, nor a directory, nor a symbolic link")]
    Special {
        /// The path.
        path: String,
    },
    /// A name that is not UTF-8.
    #[error("the name of `{}` is not UTF-8", path.display())]
    Name {
        /// The path.
        path: PathBuf,
    },
    /// A Dockerfile that is not UTF-8.
    #[error("`{path}` is not UTF-8 text")]
    NotText {
        /// The path.
        path: ContextPath,
    },
    /// The lock cannot be read.
    #[error(transparent)]
    Lock(#[from] LockFileError),
    /// The program that packs inside the graph cannot be put where it is sent from.
    #[error(transparent)]
    Frontend(#[from] OutputError),
    /// A tar that cannot stand in for a base.
    #[error(transparent)]
    Rootfs(#[from] RootfsError),
}

/// Inputs, and where their files are.
#[derive(Debug)]
pub struct ReadInputs {
    /// What the plan works on.
    pub inputs: Inputs,
    /// The directories of the local sources, by name.
    pub roots: std::collections::BTreeMap<String, PathBuf>,
}

/// Reads what `needs` says from the directory `context`, and the build contexts.
pub fn read(
    context: &Path,
    needs: &Needs,
    build_contexts: &[BuildContext],
    variants: &[Variant],
) -> Result<ReadInputs, InputError> {
    let contexts::ReadContexts { named, mut roots } =
        contexts::read(build_contexts, needs, variants)?;
    let mut inputs = Inputs {
        contexts: named,
        ..Inputs::default()
    };
    let open = |source| InputError::Context {
        path: context.to_owned(),
        source,
    };
    let root = fs::canonicalize(context).map_err(open)?;
    inputs.lock = lock_file::read(context)?;
    let reader = Reader { root: &root };
    for path in &needs.dockerfiles {
        reader.refuse_links(path, path)?;
        let bytes = fs::read(root.join(path.as_str()))
            .map_err(|source| reader.unreadable(path.as_str(), source))?;
        let text =
            String::from_utf8(bytes).map_err(|_| InputError::NotText { path: path.clone() })?;
        inputs.dockerfiles.insert(path.clone(), text);
    }
    for path in &needs.files {
        inputs.files.insert(path.clone(), reader.files(path)?);
    }
    if needs.frontend {
        inputs.frontend = Some(frontend::frontend());
        roots.insert(FRONTEND_LOCAL.to_owned(), frontend::directory()?);
    }
    roots.insert(catalog::CONTEXT_LOCAL.to_owned(), root);
    Ok(ReadInputs { inputs, roots })
}

/// The files that a declared path or glob stands for in a directory, which must be in canonical form.
pub(crate) fn files(root: &Path, declared: &ContextPath) -> Result<FileSet, InputError> {
    Reader { root }.files(declared)
}

struct Reader<'a> {
    root: &'a Path,
}

impl Reader<'_> {
    fn unreadable(&self, path: &str, source: io::Error) -> InputError {
        InputError::Read {
            path: path.to_owned(),
            context: self.root.to_owned(),
            source,
        }
    }

    /// The files that a declared path or glob stands for.
    fn files(&self, declared: &ContextPath) -> Result<FileSet, InputError> {
        let glob = Glob::new(declared).map_err(|source| InputError::Glob {
            path: declared.clone(),
            source,
        })?;
        if let Some(start) = glob.start() {
            self.refuse_links(declared, start)?;
        }
        let start = glob
            .start()
            .map_or(Path::new(""), |start| Path::new(start.as_str()));
        let mut files = FileSet::new();
        self.collect(start, &glob, &glob.places(), &mut files)?;
        if files.is_empty() {
            return Err(InputError::NoFile {
                path: declared.clone(),
                context: self.root.to_owned(),
            });
        }
        Ok(files)
    }

    /// A link on the way to a declared path would make it mean another file.
    fn refuse_links(&self, declared: &ContextPath, path: &ContextPath) -> Result<(), InputError> {
        let mut ancestors: Vec<ContextPath> =
            std::iter::successors(Some(path.clone()), ContextPath::parent).collect();
        ancestors.reverse();
        for path in ancestors {
            let full = self.root.join(path.as_str());
            let metadata = fs::symlink_metadata(&full)
                .map_err(|source| self.unreadable(path.as_str(), source))?;
            if metadata.is_symlink() {
                self.refuse_outside(&path)?;
                return Err(InputError::BehindLink {
                    declared: declared.clone(),
                    link: path.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Goes only where the glob can match: what lies elsewhere may be unreadable, or come and go.
    fn collect(
        &self,
        path: &Path,
        glob: &Glob,
        places: &Places,
        files: &mut FileSet,
    ) -> Result<(), InputError> {
        let full = self.root.join(path);
        let unreadable = |source| self.unreadable(&shown(path), source);
        let metadata = fs::symlink_metadata(&full).map_err(unreadable)?;
        if !metadata.is_dir() {
            if places.matched() {
                let name = utf8(path).ok_or(InputError::Name { path: full })?;
                files.insert(name.clone(), self.file(&name, &metadata)?);
            }
            return Ok(());
        }
        for entry in fs::read_dir(&full).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let places = glob.below(places, &entry.file_name());
            let is_dir = entry.file_type().map_err(unreadable)?.is_dir();
            if places.matched() || (is_dir && places.can_match()) {
                self.collect(&path.join(entry.file_name()), glob, &places, files)?;
            }
        }
        Ok(())
    }

    fn file(&self, path: &ContextPath, metadata: &fs::Metadata) -> Result<InputFile, InputError> {
        if metadata.is_symlink() {
            let target = self.refuse_outside(path)?;
            return Ok(InputFile {
                executable: false,
                content: FileContent::Symlink(target),
            });
        }
        if !metadata.is_file() {
            return Err(InputError::Special {
                path: path.to_string(),
            });
        }
        read_file(&self.root.join(path.as_str()), metadata)
            .map_err(|source| self.unreadable(path.as_str(), source))
    }

    /// The target of a link, which must stay in the context directory. It is never followed, so it need not be there.
    fn refuse_outside(&self, link: &ContextPath) -> Result<String, InputError> {
        let full = self.root.join(link.as_str());
        let target =
            fs::read_link(&full).map_err(|source| self.unreadable(link.as_str(), source))?;
        if leads_out(link, &target) {
            return Err(InputError::Outside {
                path: link.to_string(),
                target: target.display().to_string(),
                context: self.root.to_owned(),
            });
        }
        target
            .into_os_string()
            .into_string()
            .map_err(|_| InputError::Name { path: full })
    }
}

/// Whether a link's target is absolute, or climbs out of the context directory at any point.
fn leads_out(link: &ContextPath, target: &Path) -> bool {
    let mut depth = link.components().count() - 1;
    for component in target.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => return true,
            Component::CurDir => {}
            Component::ParentDir if depth == 0 => return true,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
        }
    }
    false
}

fn utf8(path: &Path) -> Option<ContextPath> {
    path.to_str()?.parse().ok()
}

/// A path as errors name it.
fn shown(path: &Path) -> Cow<'_, str> {
    if path.as_os_str().is_empty() {
        return ".".into();
    }
    path.to_string_lossy()
}

/// A short file is read whole, a long one hashed as it streams by.
fn read_file(path: &Path, metadata: &fs::Metadata) -> io::Result<InputFile> {
    let executable = metadata.permissions().mode() & 0o100 != 0;
    let mut file = File::open(path)?;
    if metadata.len() <= MAX_INLINE_FILE {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        return Ok(InputFile::from_bytes(executable, bytes));
    }
    let (sha256, size) = hash::sha256(&mut file)?;
    Ok(InputFile {
        executable,
        content: FileContent::Hashed { sha256, size },
    })
}

#[cfg(test)]
mod tests;
