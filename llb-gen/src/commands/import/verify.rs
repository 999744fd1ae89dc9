//! `llbgen import --verify`: Dockerfiles, and what the catalog has for them, built by one daemon and compared.

mod bench;
mod build;
mod config;
mod report;
mod sides;

use std::{io::Write as _, path::Path};

use ::catalog::{Catalog, CheckedCatalog};
use import::{Imported, Original};

use self::{
    build::Verification,
    report::{Verdict, layers},
    sides::Sides,
};
use crate::{
    args::{Global, VerificationArgs},
    catalog_file,
    failure::{Exit, Failure},
    stdout,
};

/// Builds and compares all that was imported from files below `root`.
pub(super) fn run(
    imported: &Imported,
    root: &Path,
    args: &VerificationArgs,
    global: &Global,
) -> Result<(), Failure> {
    // Before a daemon is started, which inherits the limit.
    engine::raise_file_limit();
    let catalog = catalog_file::with_text(Catalog::new(), root, &imported.text)?.check()?;
    let sides = all_sides(&imported.originals, &catalog, args)?;
    let verification = Verification {
        catalog: &catalog,
        originals: &imported.originals,
        root,
        args,
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
    print(&verdicts)?;
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

fn print(verdicts: &[Verdict]) -> Result<(), Failure> {
    let mut stdout = stdout::lock();
    for verdict in verdicts {
        write!(stdout, "{}", verdict.told())?;
    }
    if let Some(layers) = layers(verdicts) {
        write!(stdout, "{layers}")?;
    }
    Ok(())
}
