//! `--build-context NAME=…`: replacements of bases, and directories that steps read.

mod rootfs;
mod spec;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use buildkit_client::ContentStore;
use catalog::{ContextName, Declared, FileSet, NamedContext, Needs, Read, Template, Variant};

use self::rootfs::Tars;
pub use self::{
    rootfs::RootfsError,
    spec::{BuildContext, BuildContextError, ContextSource},
};
use crate::{
    directory::Directory,
    files::{self, DeclaredError},
    inputs::InputError,
    layout,
};

/// The contexts of a build, read: what the plan needs, and where the files are.
#[derive(Debug, Default)]
pub(crate) struct ReadContexts {
    pub(crate) named: BTreeMap<String, NamedContext>,
    /// The directories of the local sources.
    pub(crate) roots: BTreeMap<String, PathBuf>,
    /// The content of OCI layouts that the daemon may read, by id.
    pub(crate) stores: BTreeMap<String, ContentStore>,
}

/// Reads every context. Tars are read whole: BuildKit would silently copy a file that is no tar, or half of one, as a
/// file.
pub(crate) fn read(
    contexts: &[BuildContext],
    needs: &Needs,
    variants: &[Variant],
) -> Result<ReadContexts, InputError> {
    let mut read = ReadContexts::default();
    let platforms = variants
        .iter()
        .map(|variant| variant.platform.normalized())
        .collect();
    let mut tars = Tars::default();
    for BuildContext { name, source } in contexts {
        let context = match source {
            ContextSource::Image(image) => NamedContext::Image(image.clone()),
            ContextSource::Layout(source) => {
                let layout = layout::read(name, source, &platforms)?;
                read.stores
                    .insert(layout.store.id().to_owned(), layout.store);
                NamedContext::Layout(layout.image)
            }
            ContextSource::Path(template) => match needs.contexts.get_key_value(name.as_str()) {
                Some((context, paths)) => {
                    let (root, files) = directory(context, template, paths)?;
                    read.roots.insert(name.clone(), root);
                    NamedContext::Directory(files)
                }
                // No step reads it. The plan tells whether it replaces a base or nothing.
                None if Path::new(&template.to_string()).is_dir() => {
                    NamedContext::Directory(BTreeMap::new())
                }
                None => {
                    let (context, roots) = tars.read(name, template, variants)?;
                    read.roots.extend(roots);
                    context
                }
            },
        };
        read.named.insert(name.clone(), context);
    }
    Ok(read)
}

/// A directory of input files, and those of them that steps declare.
fn directory(
    context: &ContextName,
    template: &Template,
    paths: &BTreeSet<Declared>,
) -> Result<(PathBuf, BTreeMap<Declared, FileSet>), InputError> {
    let given = PathBuf::from(template.to_string());
    let open = |source| InputError::BuildContext {
        name: context.to_string(),
        path: given.clone(),
        source,
    };
    let root = fs::canonicalize(&given).map_err(open)?;
    let directory = Directory::open(&root).map_err(open)?;
    let read = |path: &Declared| {
        let declared = |error| {
            let name = context.clone();
            let path = path.clone();
            Box::new(DeclaredError::new(Read::Context { name, path }, error))
        };
        let files = files::read(&directory, path).map_err(declared)?;
        Ok((path.clone(), files))
    };
    let files = paths.iter().map(read).collect::<Result<_, InputError>>()?;
    Ok((root, files))
}
