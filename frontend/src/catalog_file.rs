//! `llbgen.toml` of the context, beside the artifacts of the program.

use std::{collections::BTreeMap, path::Path};

use catalog::{CATALOG_FILE, Catalog, CatalogFile, ContextPath, Declared, Include, LOCK_FILE};

use engine::{files::InputDirectory as _, included};

use crate::{context::Contexts, error::FrontendError};

/// Whether the file of `-f` is a catalog, not a Dockerfile.
pub(crate) fn is_one(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|ending| ending == "toml")
}

/// The catalog of the program with the artifacts of the file that `-f` names, or else of `llbgen.toml`, which must be
/// there if the program declares none.
pub(crate) async fn merged(
    catalog: Catalog,
    contexts: &Contexts<'_>,
) -> Result<Catalog, FrontendError> {
    let given = contexts.options.file.as_deref().filter(|file| is_one(file));
    let (name, text) = match given {
        Some(file) => (file, Some(contexts.beside(file).await?)),
        None => (CATALOG_FILE, of_context(&catalog, contexts).await?),
    };
    match text {
        Some(text) => Ok(catalog.with_file(with_included(name, &text, contexts).await?)?),
        None => Ok(catalog),
    }
}

/// The catalog of a file and of the files that it includes, which are in the context wherever the file is.
async fn with_included(
    name: &str,
    text: &str,
    contexts: &Contexts<'_>,
) -> Result<CatalogFile, FrontendError> {
    let includes = CatalogFile::includes(name, text)?;
    if includes.is_empty() {
        return Ok(CatalogFile::parse(name, text)?);
    }
    let globs = includes.iter().map(Include::glob).cloned();
    let globs = globs.map(Declared::from).collect();
    let snapshot = contexts.declared(&globs).await?;
    let mut included_texts = BTreeMap::new();
    for (path, include) in included::paths(&*snapshot, &includes)? {
        let bytes = contexts.bytes(&snapshot, path.as_str()).await?;
        let text = included::text(&path, include, bytes)?;
        included_texts.insert(path, text);
    }
    Ok(included::catalog((name, text), &included_texts)?)
}

/// The text of `llbgen.toml` in the context, if it is there.
async fn of_context(
    catalog: &Catalog,
    contexts: &Contexts<'_>,
) -> Result<Option<String>, FrontendError> {
    let dockerfiles = catalog.dockerfiles();
    let dockerfiles = dockerfiles.into_iter().map(ContextPath::as_str);
    // Many builds need only these files and the lock.
    let patterns = dockerfiles.chain([CATALOG_FILE, LOCK_FILE]);
    let snapshot = contexts.main(patterns).await?;
    let is_there = snapshot.kind(Path::new(CATALOG_FILE)).is_ok();
    match (is_there, catalog.is_empty()) {
        (true, _) => contexts.text(&snapshot, CATALOG_FILE).await.map(Some),
        (false, false) => Ok(None),
        (false, true) => Err(FrontendError::NoCatalog {
            directory: snapshot.name(),
        }),
    }
}
