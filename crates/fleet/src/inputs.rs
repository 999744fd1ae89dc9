//! The edge: reads exactly what a selection needs, and nothing that lies outside the context directory.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use buildkit_client::ContentStore;
use catalog::{ContextPath, FileContent, InputFile, Inputs, MAX_INLINE_FILE, Needs, Variant};

use frontend::files::{self, FilesError, PathKind, Tree};

use crate::{
    contexts::{self, BuildContext, RootfsError},
    hash,
    helper_image::HelperImage,
    layout::LayoutError,
    lock_file::{self, LockFileError},
    packer,
    regular_file::{self, Links},
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
    /// A declared path that cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A Dockerfile that is not UTF-8.
    #[error("`{path}` is not UTF-8 text")]
    NotText {
        /// The path.
        path: ContextPath,
    },
    /// The lock cannot be read.
    #[error(transparent)]
    Lock(#[from] LockFileError),
    /// An OCI layout that cannot stand in for a base.
    #[error(transparent)]
    Layout(#[from] LayoutError),
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
    pub roots: BTreeMap<String, PathBuf>,
    /// What the daemon may read of OCI layouts, by the id that graphs have.
    pub stores: BTreeMap<String, ContentStore>,
}

/// What the user gives besides the context directory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// What is used in the place of bases, and directories of input files.
    pub build_contexts: &'a [BuildContext],
    /// The image that has the packer; without one, it is that of this program.
    pub helper_image: Option<&'a HelperImage>,
}

/// Reads what `needs` says from the directory `context`, and from what else is given.
pub fn read(
    context: &Path,
    needs: &Needs,
    given: Given<'_>,
    variants: &[Variant],
) -> Result<ReadInputs, InputError> {
    let contexts::ReadContexts {
        named,
        mut roots,
        stores,
    } = contexts::read(given.build_contexts, needs, variants)?;
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
    let directory = Directory(&root);
    for path in &needs.dockerfiles {
        files::refuse_links(&directory, path)?;
        let unreadable = |source| FilesError::Read {
            path: path.to_string(),
            directory: directory.name(),
            source,
        };
        let bytes = regular_file::read(&root.join(path.as_str()), Links::Refuse);
        let bytes = bytes.map_err(unreadable)?;
        let text =
            String::from_utf8(bytes).map_err(|_| InputError::NotText { path: path.clone() })?;
        inputs.dockerfiles.insert(path.clone(), text);
    }
    for path in &needs.files {
        inputs
            .files
            .insert(path.clone(), files::read(&directory, path)?);
    }
    if let Some(helper) = given.helper_image.filter(|_| needs.packer) {
        inputs.packer = helper.packer();
    } else if needs.packer {
        inputs.packer = packer::packer();
    }
    roots.insert(catalog::CONTEXT_LOCAL.to_owned(), root);
    Ok(ReadInputs {
        inputs,
        roots,
        stores,
    })
}

/// A directory on this machine, in canonical form.
pub(crate) struct Directory<'a>(pub(crate) &'a Path);

impl Tree for Directory<'_> {
    fn name(&self) -> String {
        format!("the directory `{}`", self.0.display())
    }

    fn kind(&self, path: &Path) -> io::Result<PathKind> {
        let kind = fs::symlink_metadata(self.0.join(path))?.file_type();
        Ok(if kind.is_dir() {
            PathKind::Directory
        } else if kind.is_symlink() {
            PathKind::Symlink
        } else if kind.is_file() {
            PathKind::File
        } else {
            PathKind::Special
        })
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<(OsString, bool)>> {
        let named = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type()?.is_dir()))
        };
        fs::read_dir(self.0.join(directory))?.map(named).collect()
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        fs::read_link(self.0.join(link))
    }

    fn file(&self, path: &Path) -> io::Result<InputFile> {
        read_file(&self.0.join(path))
    }
}

/// A short file is read whole, a long one hashed as it streams by.
fn read_file(path: &Path) -> io::Result<InputFile> {
    let mut file = regular_file::open(path, Links::Refuse)?;
    let metadata = file.metadata()?;
    let executable = metadata.permissions().mode() & 0o100 != 0;
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
