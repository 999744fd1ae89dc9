//! The edge: reads exactly what a selection needs, and nothing that lies outside the context directory.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use catalog::{
    ContextPath, FileContent, FileSet, InputFile, Inputs, MAX_INLINE_FILE, Needs, Variant,
};
use globset::{GlobBuilder, GlobMatcher};
use sha2::{Digest, Sha256};

use crate::contexts::{self, BuildContext, RootfsError};

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
    /// A declared file is not there or cannot be read.
    #[error("cannot read `{path}` in the context directory `{}`", context.display())]
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
    #[error("`{path}` stands for no file in the context directory `{}`", context.display())]
    NoFile {
        /// The path or glob.
        path: ContextPath,
        /// The context directory.
        context: PathBuf,
    },
    /// A symbolic link out of the context directory.
    #[error("`{path}` is a symbolic link to `{target}`, out of the context directory `{}`", context.display())]
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
    let contexts::ReadContexts { named, mut roots } = contexts::read(build_contexts, variants)?;
    let mut inputs = Inputs {
        contexts: named,
        ..Inputs::default()
    };
    let open = |source| InputError::Context {
        path: context.to_owned(),
        source,
    };
    let root = fs::canonicalize(context).map_err(open)?;
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
    roots.insert(catalog::CONTEXT_LOCAL.to_owned(), root);
    Ok(ReadInputs { inputs, roots })
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
        let glob = declared.is_glob().then(|| compile(declared)).transpose()?;
        let start = literal_start(declared);
        if let Some(start) = &start {
            self.refuse_links(declared, start)?;
        }
        let mut files = FileSet::new();
        self.collect(start.as_ref(), glob.as_ref(), &mut files)?;
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
                self.refuse_outside(path.as_str())?;
                return Err(InputError::BehindLink {
                    declared: declared.clone(),
                    link: path.to_string(),
                });
            }
        }
        Ok(())
    }

    fn collect(
        &self,
        path: Option<&ContextPath>,
        glob: Option<&GlobMatcher>,
        files: &mut FileSet,
    ) -> Result<(), InputError> {
        let shown = path.map_or(".", ContextPath::as_str);
        let full = path.map_or(self.root.to_owned(), |path| self.root.join(path.as_str()));
        let metadata =
            fs::symlink_metadata(&full).map_err(|source| self.unreadable(shown, source))?;
        if metadata.is_dir() {
            let mut names = Vec::new();
            for entry in fs::read_dir(&full).map_err(|source| self.unreadable(shown, source))? {
                let entry = entry.map_err(|source| self.unreadable(shown, source))?;
                let name = entry.file_name().into_string();
                names.push(name.map_err(|_| InputError::Name { path: entry.path() })?);
            }
            for name in names {
                let child = path.map_or(name.clone(), |path| format!("{path}/{name}"));
                let child: ContextPath = child.parse().map_err(|_| InputError::Name {
                    path: full.join(&name),
                })?;
                self.collect(Some(&child), glob, files)?;
            }
            return Ok(());
        }
        let Some(path) = path.filter(|path| glob.is_none_or(|glob| matches(glob, path))) else {
            return Ok(());
        };
        let file = if metadata.is_symlink() {
            let target = self.refuse_outside(path.as_str())?;
            InputFile {
                executable: false,
                content: FileContent::Symlink(target),
            }
        } else if metadata.is_file() {
            read_file(&full, &metadata).map_err(|source| self.unreadable(shown, source))?
        } else {
            return Err(InputError::Special {
                path: path.to_string(),
            });
        };
        files.insert(path.clone(), file);
        Ok(())
    }

    /// The target of a link, which must stay in the context directory.
    fn refuse_outside(&self, link: &str) -> Result<String, InputError> {
        let full = self.root.join(link);
        let target = fs::read_link(&full).map_err(|source| self.unreadable(link, source))?;
        let outside = || InputError::Outside {
            path: link.to_owned(),
            target: target.display().to_string(),
            context: self.root.to_owned(),
        };
        let resolved = fs::canonicalize(&full).map_err(|source| self.unreadable(link, source))?;
        if target.is_absolute() || !resolved.starts_with(self.root) {
            return Err(outside());
        }
        target
            .to_str()
            .map(str::to_owned)
            .ok_or(InputError::Name { path: full })
    }
}

fn compile(pattern: &ContextPath) -> Result<GlobMatcher, InputError> {
    let glob = GlobBuilder::new(pattern.as_str())
        .literal_separator(true)
        .build();
    Ok(glob
        .map_err(|source| InputError::Glob {
            path: pattern.clone(),
            source,
        })?
        .compile_matcher())
}

/// Whether a glob matches a path, or a directory on the way to it.
fn matches(glob: &GlobMatcher, path: &ContextPath) -> bool {
    std::iter::successors(Some(path.clone()), ContextPath::parent)
        .any(|path| glob.is_match(path.as_str()))
}

/// The part of a declared path before its first glob sign; none when that is the context directory.
fn literal_start(declared: &ContextPath) -> Option<ContextPath> {
    let literal: Vec<&str> = declared
        .components()
        .take_while(|component| !component.contains(['*', '?', '[']))
        .collect();
    literal.join("/").parse().ok()
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
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1024 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(InputFile {
                executable,
                content: FileContent::Hashed {
                    sha256: hash.finalize().into(),
                    size,
                },
            });
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
}

#[cfg(test)]
mod tests;
