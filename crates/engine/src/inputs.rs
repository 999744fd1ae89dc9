//! Reads exactly the inputs that a selection needs, and nothing outside the context directory.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use buildkit_client::ContentStore;
use catalog::{ContextPath, Inputs, NamedContext, Needs, Read, Variant};

use crate::{
    contexts::{self, RootfsError},
    directory::Directory,
    files::{self, DeclaredError, FilesError, InputDirectory as _},
    layout::LayoutError,
    lock_file::{self, LockFileError},
    packer,
    workspace::{Disk, Pins},
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
    /// A Dockerfile that cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// What a step or a tag declares cannot be read.
    #[error(transparent)]
    Declared(#[from] Box<DeclaredError>),
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

impl InputError {
    /// Whether it is about a missing file, and not about one that is there and cannot be read.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Declared(error) => error.is_absence(),
            Self::Files(error) => error.is_absence(),
            Self::Rootfs(error) => error.is_absence(),
            _ => false,
        }
    }
}

/// Inputs, and where their files are.
#[derive(Debug)]
pub struct ReadInputs {
    /// The inputs of the plan.
    pub inputs: Inputs,
    /// The directories of the local sources, by name.
    pub roots: BTreeMap<String, PathBuf>,
    /// The content of OCI layouts that the daemon may read, by the id in graphs.
    pub stores: BTreeMap<String, ContentStore>,
}

/// Reads what `needs` says for `variants`, from the context directory and from what else is given.
pub(crate) fn read(
    disk: &Disk,
    needs: &Needs,
    variants: &[Variant],
) -> Result<ReadInputs, InputError> {
    let context = &disk.context;
    let contexts::ReadContexts {
        named,
        mut roots,
        stores,
    } = contexts::read(&disk.build_contexts, needs, variants)?;
    let mut inputs = Inputs {
        contexts: named,
        cache_namespace: disk.cache_namespace.clone(),
        proxy: disk.proxy.clone(),
        mirrors: disk.mirrors.clone(),
        ..Inputs::default()
    };
    let open = |source| InputError::Context {
        path: context.to_owned(),
        source,
    };
    let root = fs::canonicalize(context).map_err(open)?;
    if disk.pins == Pins::InLock {
        inputs.lock = lock_file::read(context)?;
    }
    let directory = Directory::open(&root).map_err(open)?;
    for path in &needs.dockerfiles {
        files::refuse_links(&directory, path)?;
        let unreadable = |source| FilesError::Read {
            path: path.to_string(),
            directory: directory.name(),
            source,
        };
        let bytes = directory.read(Path::new(path.as_str()));
        let bytes = bytes.map_err(unreadable)?;
        let text =
            String::from_utf8(bytes).map_err(|_| InputError::NotText { path: path.clone() })?;
        inputs.dockerfiles.insert(path.clone(), text);
    }
    for path in &needs.files {
        let declared = |error| Box::new(DeclaredError::new(Read::Files(path.clone()), error));
        let files = files::read(&directory, path).map_err(declared)?;
        inputs.files.insert(path.clone(), files);
    }
    let mut contexts = inputs.contexts.values();
    let unpacks = contexts.any(|context| matches!(context, NamedContext::Rootfs(_)));
    let needs_packer = needs.packer || unpacks;
    if let Some(helper) = disk.helper_image.as_ref().filter(|_| needs_packer) {
        inputs.packer = helper.packer();
    } else if needs_packer {
        inputs.packer = packer::packer();
    }
    roots.insert(catalog::CONTEXT_LOCAL.to_owned(), root);
    Ok(ReadInputs {
        inputs,
        roots,
        stores,
    })
}

#[cfg(test)]
mod tests;
