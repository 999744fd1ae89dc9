//! `llbgen new`: a block for an artifact in llbgen.toml, or a catalog crate.

mod block;
mod rust;

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use catalog::{ArtifactName, CATALOG_FILE, Catalog, CatalogError, ContextPath, Kind};

use self::block::Block;
use crate::{
    args::{Global, NewArgs},
    catalog_file,
    failure::{Exit, Failure},
    stderr, stdout,
};

/// The beginning of a new file: editors take the schema from the first line.
const HEADER: &str = "\
#:schema ./llbgen.schema.json
# What `llbgen` builds here. `llbgen schema > llbgen.schema.json` lets editors check and complete this file.
";

pub(crate) fn run(args: &NewArgs, global: &Global, own: Catalog) -> Result<(), Failure> {
    match (&args.rust, &args.llbgen, args.kind, &args.name) {
        (Some(directory), Some(llbgen), ..) => rust::run(directory, llbgen, global),
        (_, _, Some(kind), Some(name)) => {
            let base = args.base.as_deref().unwrap_or(kind.default_base());
            artifact(kind.into(), name, base, global, own)
        }
        // clap allows nothing else.
        _ => Err(Failure::new(Exit::Usage, "give a kind and a name")),
    }
}

/// Appends a block to the file: as text, so that the user's own text stays as it is.
fn artifact(
    kind: Kind,
    name: &str,
    base: &str,
    global: &Global,
    own: Catalog,
) -> Result<(), Failure> {
    let name: ArtifactName = name
        .parse()
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let context = &global.context;
    let old = catalog_file::read(context)?;
    // A file that is not there counts as an empty one.
    let text = old.as_deref().unwrap_or_default();
    let catalog = catalog_file::with_text(own.clone(), context, text)?.check()?;
    if catalog.get(name.as_str()).is_some() {
        let error = format!("there is an artifact `{name}` already");
        let hint = format!("`llbgen show {name}` shows it; give another name");
        return Err(Failure::new(Exit::Usage, error).with_hint(hint));
    }
    let block = Block {
        kind,
        name: &name,
        base,
        dockerfile: dockerfile(base, context),
        below: catalog.get(base),
    };
    let addition = addition(old.as_deref(), &block.to_string());
    let text = old.unwrap_or_default() + &addition;
    let catalog = catalog_file::with_text(own, context, &text)?;
    catalog.check().map_err(unsound)?;
    append(&context.join(CATALOG_FILE), &addition)?;
    tell_next(&name, global);
    Ok(())
}

/// The error in the new artifact; the others have passed the check before.
fn unsound(error: CatalogError) -> Failure {
    let problems = error.problems.into_iter();
    Failure {
        exit: Exit::Usage,
        errors: problems.map(|found| found.problem.into()).collect(),
        hint: None,
    }
}

/// The Dockerfile of a base, if the base is the path of a file.
fn dockerfile(base: &str, context: &Path) -> Option<ContextPath> {
    let path: ContextPath = base.parse().ok()?;
    context.join(path.as_str()).is_file().then_some(path)
}

/// The text to append to the `old` text.
fn addition(old: Option<&str>, block: &str) -> String {
    match old {
        None => format!("{HEADER}\n{block}"),
        Some("") => block.to_owned(),
        Some(text) if text.ends_with('\n') => format!("\n{block}"),
        Some(_) => format!("\n\n{block}"),
    }
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|error: io::Error| {
        let error = format!("`{}` cannot be written: {error}", path.display());
        Failure::new(Exit::Failed, error)
    })?;
    let shown = path.strip_prefix(".").unwrap_or(path);
    writeln!(stdout::lock(), "{}", shown.display())?;
    Ok(())
}

fn tell_next(name: &ArtifactName, global: &Global) {
    if !global.quiet {
        stderr::line(&format!(
            "`{name}` is in `{CATALOG_FILE}` now; say there what it is made of, then: llbgen build {name}"
        ));
    }
}

/// A text as a TOML string.
fn text(text: &str) -> String {
    toml::Value::from(text).to_string()
}
