//! `llbgen.toml` of the context directory, beside the artifacts of the program.

use std::{io::ErrorKind, path::Path};

use catalog::{CATALOG_FILE, Catalog};
use engine::{InputError, included};

use crate::failure::{Exit, Failure};

/// The catalog of the program with the artifacts of `llbgen.toml` in `context`; nothing where neither has any.
pub(crate) fn with_file(catalog: Catalog, context: &Path) -> Result<Option<Catalog>, Failure> {
    match read(context)? {
        Some(text) => with_text(catalog, context, &text).map(Some),
        None => Ok((!catalog.is_empty()).then_some(catalog)),
    }
}

/// The catalog of the program with the artifacts of this text of an `llbgen.toml` in `context`, and of the files that it
/// includes.
pub(crate) fn with_text(catalog: Catalog, context: &Path, text: &str) -> Result<Catalog, Failure> {
    let file = included::from_disk(context, (CATALOG_FILE, text))?;
    Ok(catalog.with_file(file)?)
}

/// The next step in a directory without a catalog.
const BEGIN: &str = "`llbgen new rootfs NAME` begins one (or `layer`, `image`); `-C DIR` takes that of another directory";

/// The error for a directory without a catalog.
pub(crate) fn lacking(context: &Path) -> String {
    if context == Path::new(".") {
        format!("there is no `{CATALOG_FILE}` in the current directory")
    } else {
        format!("there is no `{CATALOG_FILE}` in `{}`", context.display())
    }
}

/// The line of a listing for a directory without a catalog.
pub(crate) fn nothing_here(context: &Path) -> String {
    format!("no catalog: {}\nhint: {BEGIN}", lacking(context))
}

/// The failure of a command that needs an artifact, where there is no catalog.
pub(crate) fn missing(context: &Path) -> Failure {
    Failure::new(Exit::Catalog, lacking(context)).with_hint(BEGIN)
}

/// The text of `llbgen.toml` in `context`, if it is there.
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

/// Refuses a context directory that is not a directory, whatever the program declares.
fn is_directory(context: &Path) -> Result<(), Failure> {
    std::fs::read_dir(context).map(drop).map_err(|source| {
        let path = context.to_owned();
        InputError::Context { path, source }.into()
    })
}
