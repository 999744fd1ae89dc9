//! `llbgen.toml` of the context, beside the artifacts that are built in.

use std::path::Path;

use catalog::{CATALOG_FILE, Catalog, CatalogFile, ContextPath, LOCK_FILE};

use engine::files::{InputDirectory as _, PathKind};

use crate::{context::Contexts, error::FrontendError, snapshot::Snapshot};

/// Whether what `-f` names is a catalog, not a Dockerfile.
pub(crate) fn is_one(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|ending| ending == "toml")
}

/// The catalog that is built in with the artifacts of the file that `-f` names, or else of `llbgen.toml`, if it is there.
pub(crate) async fn merged(
    catalog: Catalog,
    contexts: &Contexts<'_>,
) -> Result<Catalog, FrontendError> {
    let dockerfiles = catalog.dockerfiles();
    let dockerfiles = dockerfiles.into_iter().map(ContextPath::as_str);
    // With the lock, that is all that many a build needs.
    let patterns = dockerfiles.chain([CATALOG_FILE, LOCK_FILE]);
    let snapshot = contexts.main(patterns).await?;
    let given = contexts.options.file.as_deref().filter(|file| is_one(file));
    let (name, text) = match given {
        Some(file) => (file, contexts.beside(file).await?),
        None if kind(&snapshot, CATALOG_FILE).is_none() => return Ok(catalog),
        None => (CATALOG_FILE, contexts.text(&snapshot, CATALOG_FILE).await?),
    };
    let file = CatalogFile::parse(name, &text)?;
    let exists = |path: &ContextPath| kind(&snapshot, path.as_str()) == Some(PathKind::File);
    Ok(catalog.with_file(file, &exists)?)
}

fn kind(snapshot: &Snapshot, path: &str) -> Option<PathKind> {
    snapshot.kind(Path::new(path)).ok()
}
