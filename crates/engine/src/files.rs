//! The files that declared paths and globs stand for in a directory, wherever that is.

mod glob;
mod kept;

use std::{
    borrow::Cow,
    error::Error,
    ffi::OsString,
    fmt, io,
    path::{Component, Path, PathBuf},
};

use catalog::{
    CheckedCatalog, ContextPath, Declared, FileContent, FileSet, InputFile, MAX_INLINE_SET, Read,
    Variant,
};

use self::{
    glob::{Glob, Places},
    kept::Kept,
};

/// A directory of input files. Paths are relative to it; the empty one is the directory itself. Nothing follows a
/// symbolic link.
pub trait InputDirectory {
    /// The name of the directory in errors: ``the directory `/src` ``.
    fn name(&self) -> String;

    /// The kind of a path.
    fn kind(&self, path: &Path) -> io::Result<PathKind>;

    /// The names in a directory, each with whether it is a directory.
    fn names(&self, directory: &Path) -> io::Result<Vec<(OsString, bool)>>;

    /// The target of a symbolic link.
    fn target(&self, link: &Path) -> io::Result<PathBuf>;

    /// A regular file, with its permission bits.
    fn file(&self, path: &Path) -> io::Result<InputFile>;
}

/// The kind of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket, device or pipe.
    Special,
}

/// Why a declared path cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It is not there or cannot be read.
    #[error("cannot read `{path}` in {directory}")]
    Read {
        /// The path in the directory.
        path: String,
        /// What the directory is called.
        directory: String,
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
    #[error("`{path}` stands for no file in {directory}")]
    NoFile {
        /// The path or glob.
        path: ContextPath,
        /// What the directory is called.
        directory: String,
    },
    /// A symbolic link out of the directory.
    #[error("`{path}` is a symbolic link to `{target}`, out of {directory}")]
    Outside {
        /// The link.
        path: String,
        /// What it points to.
        target: String,
        /// What the directory is called.
        directory: String,
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
    #[error("the name of `{}` in {directory} is not UTF-8", path.display())]
    Name {
        /// The path.
        path: PathBuf,
        /// What the directory is called.
        directory: String,
    },
}

impl FilesError {
    /// Whether there is nothing of that name.
    pub(crate) fn is_absence(&self) -> bool {
        match self {
            Self::NoFile { .. } => true,
            Self::Read { source, .. } => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

/// A path that a step or a tag declares, and that cannot be read.
#[derive(Debug)]
pub struct DeclaredError {
    read: Read,
    /// The step, once it is known, as errors name it.
    step: Option<String>,
    source: FilesError,
}

impl DeclaredError {
    /// The error for the declared `read`.
    pub fn new(read: Read, source: FilesError) -> Self {
        Self {
            read,
            step: None,
            source,
        }
    }

    /// Whether there is nothing of that name.
    pub(crate) fn is_absence(&self) -> bool {
        self.source.is_absence()
    }

    /// The same with the step of `variants` that declares it. A tag has none.
    pub fn of_step(self, catalog: &CheckedCatalog, variants: &[Variant]) -> Self {
        let step = catalog.step_that_reads(variants, &self.read);
        Self { step, ..self }
    }
}

impl fmt::Display for DeclaredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Some(step) => write!(f, "{step} cannot be carried out"),
            None => self.source.fmt(f),
        }
    }
}

impl Error for DeclaredError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The files that a declared path or glob stands for.
pub fn read(tree: &impl InputDirectory, declared: &Declared) -> Result<FileSet, FilesError> {
    let path = &declared.path;
    let glob = Glob::new(path).map_err(|source| FilesError::Glob {
        path: path.clone(),
        source,
    })?;
    if let Some(start) = glob.start() {
        refuse_links_to(tree, path, start)?;
    }
    let start = glob
        .start()
        .map_or(Path::new(""), |start| Path::new(start.as_str()));
    let walk = Walk {
        tree,
        declared,
        start,
        is_glob: path.is_glob(),
    };
    let mut found = Found::default();
    let above = if walk.is_glob {
        Kept::above(tree, start).map_err(|source| walk.unreadable(start, source))?
    } else {
        Kept::default()
    };
    walk.collect(start, &glob, &glob.places(), &above, &mut found)?;
    let files = found.files;
    if files.is_empty() {
        return Err(FilesError::NoFile {
            path: path.clone(),
            directory: tree.name(),
        });
    }
    Ok(files)
}

/// Refuses a path with a link on its way, which would make it mean another file.
pub fn refuse_links(tree: &impl InputDirectory, path: &ContextPath) -> Result<(), FilesError> {
    refuse_links_to(tree, path, path)
}

fn refuse_links_to(
    tree: &impl InputDirectory,
    declared: &ContextPath,
    path: &ContextPath,
) -> Result<(), FilesError> {
    let mut ancestors: Vec<ContextPath> =
        std::iter::successors(Some(path.clone()), ContextPath::parent).collect();
    ancestors.reverse();
    for path in ancestors {
        let full = Path::new(path.as_str());
        let kind = tree.kind(full);
        let kind = kind.map_err(|source| unreadable(tree, full, source))?;
        if kind == PathKind::Symlink {
            refuse_outside(tree, &path)?;
            return Err(FilesError::BehindLink {
                declared: declared.clone(),
                link: path.to_string(),
            });
        }
    }
    Ok(())
}

/// Refuses a link that a declared path leads to or through, when it leads out of the directory.
fn refuse_outside(tree: &impl InputDirectory, link: &ContextPath) -> Result<(), FilesError> {
    let path = Path::new(link.as_str());
    let target = tree.target(path);
    let target = target.map_err(|source| unreadable(tree, path, source))?;
    if leads_out(link, &target) {
        return Err(FilesError::Outside {
            path: link.to_string(),
            target: target.display().to_string(),
            directory: tree.name(),
        });
    }
    Ok(())
}

fn unreadable(tree: &impl InputDirectory, path: &Path, source: io::Error) -> FilesError {
    FilesError::Read {
        path: shown(path).into_owned(),
        directory: tree.name(),
        source,
    }
}

/// The files found so far.
#[derive(Default)]
struct Found {
    files: FileSet,
    /// The bytes of their texts.
    text: usize,
}

impl Found {
    /// Adds a file. Texts are kept while a graph can hold them all; more would only take memory.
    fn add(&mut self, path: ContextPath, file: InputFile) {
        let fitted = self.text <= MAX_INLINE_SET;
        if let FileContent::Text(text) = &file.content {
            self.text = self.text.saturating_add(text.len());
        }
        let fits = self.text <= MAX_INLINE_SET;
        if fitted && !fits {
            self.files = std::mem::take(&mut self.files).without_texts();
        }
        let file = if fits { file } else { file.without_text() };
        self.files.insert(path, file);
    }
}

struct Walk<'a, T> {
    tree: &'a T,
    declared: &'a Declared,
    /// Where it begins.
    start: &'a Path,
    /// Whether it is for a glob: a glob does not stand for what llbgen and git keep in a directory for themselves.
    is_glob: bool,
}

impl<T: InputDirectory> Walk<'_, T> {
    fn unreadable(&self, path: &Path, source: io::Error) -> FilesError {
        unreadable(self.tree, path, source)
    }

    /// Whether a path is left out, with all that is below it.
    fn leaves_out(&self, path: &Path, is_directory: bool) -> bool {
        let below = path.strip_prefix(self.start).unwrap_or(path);
        let below = below.as_os_str().as_encoded_bytes();
        let exclude = &self.declared.exclude;
        if is_directory {
            exclude.leave_out_below(below)
        } else {
            exclude.leave_out(below)
        }
    }

    /// Walks only where the glob can match: other places may be unreadable, or come and go.
    fn collect(
        &self,
        path: &Path,
        glob: &Glob,
        places: &Places,
        above: &Kept<'_>,
        found: &mut Found,
    ) -> Result<(), FilesError> {
        let unreadable = |source| self.unreadable(path, source);
        let kind = self.tree.kind(path).map_err(unreadable)?;
        if kind != PathKind::Directory {
            if places.matched() {
                let name = utf8(path).ok_or_else(|| self.unnamed(path))?;
                found.add(name.clone(), self.file(&name, kind)?);
            }
            return Ok(());
        }
        let names = self.tree.names(path).map_err(unreadable)?;
        let kept = if self.is_glob {
            Kept::of(self.tree, path, above).map_err(unreadable)?
        } else {
            Kept::default()
        };
        for (name, is_directory) in names {
            if kept.has(path, &name) || self.leaves_out(&path.join(&name), is_directory) {
                continue;
            }
            let places = glob.below(places, &name);
            if places.matched() || (is_directory && places.can_match()) {
                self.collect(&path.join(name), glob, &places, &kept, found)?;
            }
        }
        Ok(())
    }

    fn file(&self, path: &ContextPath, kind: PathKind) -> Result<InputFile, FilesError> {
        match kind {
            // It is kept as it is and never followed, so it may point anywhere.
            PathKind::Symlink => Ok(InputFile {
                executable: false,
                kept: None,
                content: FileContent::Symlink(self.target(path)?),
            }),
            PathKind::File => {
                let path = Path::new(path.as_str());
                let file = self.tree.file(path);
                let file = file.map_err(|source| self.unreadable(path, source))?;
                let kept = file.kept.filter(|_| self.declared.keeps_modes);
                Ok(InputFile { kept, ..file })
            }
            PathKind::Directory | PathKind::Special => Err(FilesError::Special {
                path: path.to_string(),
            }),
        }
    }

    fn target(&self, link: &ContextPath) -> Result<String, FilesError> {
        let path = Path::new(link.as_str());
        let target = self.tree.target(path);
        let target = target.map_err(|source| self.unreadable(path, source))?;
        let target = target.into_os_string().into_string();
        target.map_err(|_| self.unnamed(path))
    }

    fn unnamed(&self, path: &Path) -> FilesError {
        FilesError::Name {
            path: path.to_owned(),
            directory: self.tree.name(),
        }
    }
}

/// Whether a link's target is absolute, or climbs out of the directory at any point.
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
