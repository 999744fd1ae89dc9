//! `llbgen.toml` of the context directory, beside the artifacts that are built in.

use std::{io::ErrorKind, path::Path};

use catalog::{CATALOG_FILE, Catalog, CatalogFile};
use engine::InputError;

use crate::failure::{Exit, Failure};

/// The catalog that is built in with the artifacts of `llbgen.toml` in `context`; as it is where there is none.
pub(crate) fn with_file(catalog: Catalog, context: &Path) -> Result<Catalog, Failure> {
    match read(context)? {
        Some(text) => with_text(catalog, context, &text),
        None => Ok(catalog),
    }
}

/// The same of the text of an `llbgen.toml`.
pub(crate) fn with_text(catalog: Catalog, context: &Path, text: &str) -> Result<Catalog, Failure> {
    let file = CatalogFile::parse(CATALOG_FILE, text)?;
    let merged = catalog.with_file(file, &|path| context.join(path.as_str()).is_file())?;
    Ok(merged)
}

/// The text of `llbgen.toml` in `context`, when it is there.
pub(crate) fn read(context: &Path) -> Result<Option<String>, Failure> {
    let path = context.join(CATALOG_FILE);
    match engine::context_file::read(context, CATALOG_FILE) {
        Ok(None) => is_directory(context).map(|()| None),
        Ok(Some(bytes)) => String::from_utf8(bytes).map(Some).map_err(|_| {
            let error = format!("`{}` is not UTF-8 text", path.display());
            Failure::new(Exit::Catalog, error)
        }),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            is_directory(context).map(|()| None)
        }
        Err(error) => {
            let error = format!("`{}` cannot be read: {error}", path.display());
            Err(Failure::new(Exit::Catalog, error))
        }
    }
}

/// Refuses a context directory that is none, whatever the catalog has built in.
fn is_directory(context: &Path) -> Result<(), Failure> {
    std::fs::read_dir(context).map(drop).map_err(|source| {
        let path = context.to_owned();
        InputError::Context { path, source }.into()
    })
}
