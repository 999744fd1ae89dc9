//! `llbgen import --verify`: Dockerfiles, and what the catalog has for them, built by one daemon and compared.

mod bench;
mod build;
mod config;
mod listing;
mod report;
mod sides;

use std::{io::Write as _, path::Path};

use ::catalog::{Catalog, CheckedCatalog};
use import::{Imported, Original};

use self::{
    build::Verification,
    listing::Listing,
    report::{Layers, Verdict},
    sides::Sides,
};
use crate::{
    args::{Global, ImportArgs, ListingFormat, VerificationArgs},
    catalog_file,
    failure::{Exit, Failure},
    stdout,
};

/// Builds and compares all that was imported from files below `root`.
pub(super) fn run(
    imported: &Imported,
    root: &Path,
    args: &ImportArgs,
    global: &Global,
) -> Result<(), Failure> {
    // Before a daemon is started, which inherits the limit.
    engine::raise_file_limit();
    let catalog = catalog_file::with_text(Catalog::new(), root, &imported.text)?.check()?;
    let sides = all_sides(&imported.originals, &catalog, &args.verification)?;
    let verification = Verification {
        catalog: &catalog,
        originals: &imported.originals,
        root,
        args: &args.verification,
        global,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(verification.run(&sides));
    // Nothing is left to wait for: a thread that hangs in a system call must not hold up the end.
    runtime.shutdown_background();
    let verdicts = result?;
    let layers = Layers::of(&verdicts);
    match args.format {
        ListingFormat::Json => stdout::json(&Listing::of(&verdicts, layers))?,
        ListingFormat::Text => print(&verdicts, layers)?,
    }
    if verdicts.iter().all(Verdict::is_equal) {
        Ok(())
    } else {
        Err(Failure::silent(Exit::Failed))
    }
}

fn all_sides<'a>(
    originals: &'a [Original],
    catalog: &CheckedCatalog,
    args: &VerificationArgs,
) -> Result<Vec<Sides<'a>>, Failure> {
    if originals.is_empty() {
        let error = "`--verify` compares Dockerfiles with their images of the catalog, and no Dockerfile was imported";
        return Err(Failure::new(Exit::Usage, error));
    }
    let mut all = Vec::new();
    for (number, original) in originals.iter().enumerate() {
        all.extend(Sides::of(number, original, catalog, args)?);
    }
    if all.is_empty() {
        let error = "nothing that was imported has these values";
        return Err(Failure::new(Exit::Usage, error));
    }
    Ok(all)
}

fn print(verdicts: &[Verdict], layers: Option<Layers>) -> Result<(), Failure> {
    let mut stdout = stdout::lock();
    for verdict in verdicts {
        write!(stdout, "{}", verdict.told())?;
    }
    if let Some(layers) = layers {
        write!(stdout, "{layers}")?;
    }
    Ok(())
}
