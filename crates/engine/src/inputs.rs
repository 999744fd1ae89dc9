//! The edge: reads exactly what a selection needs, and nothing that lies outside the context directory.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use buildkit_client::ContentStore;
use catalog::{CacheNamespace, ContextPath, Inputs, NamedContext, Needs, Read, Variant};

use crate::{
    contexts::{self, BuildContext, RootfsError},
    directory::Directory,
    files::{self, DeclaredError, FilesError, InputDirectory as _},
    helper_image::HelperImage,
    layout::LayoutError,
    lock_file::{self, LockFileError},
    packer,
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
    /// What stands before the ids of cache mounts, in the place of what the lock says.
    pub cache_namespace: Option<&'a CacheNamespace>,
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
        cache_namespace: given.cache_namespace.cloned(),
        ..Inputs::default()
    };
    let open = |source| InputError::Context {
        path: context.to_owned(),
        source,
    };
    let root = fs::canonicalize(context).map_err(open)?;
    inputs.lock = lock_file::read(context)?;
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
    if let Some(helper) = given.helper_image.filter(|_| needs_packer) {
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
