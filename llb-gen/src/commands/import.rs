//! `llbgen import`: Dockerfiles, bake files and compose files as an llbgen.toml.

mod bake;
mod disk;
mod verify;
mod write;

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
};

use import::{Finding, ImportError, Imported, Source, Weight, import};

use self::disk::Disk;
use crate::{
    args::{Global, ImportArgs},
    failure::{Exit, Failure},
    stderr, stdout, terminal,
};

pub(crate) fn run(args: &ImportArgs, global: &Global) -> Result<(), Failure> {
    let disk = Disk::open(&global.context)?;
    let sources: Vec<Source> = args
        .files
        .iter()
        .map(|file| source(file, &disk))
        .collect::<Result<_, _>>()?;
    let name = disk.name();
    let imported = import(&sources, &name, &disk)
        .map_err(|error: ImportError| Failure::new(Exit::Catalog, error))?;
    let Imported { text, findings, .. } = &imported;
    match &args.output {
        Some(path) => write::file(path, text, args.force)?,
        None if args.verify => {}
        None => write!(stdout::lock(), "{text}")?,
    }
    tell(findings, global);
    let is_lost = |finding: &Finding| finding.weight == Weight::Lost;
    if args.strict && findings.iter().any(is_lost) {
        return Err(Failure::silent(Exit::Catalog));
    }
    if args.verify {
        return verify::run(&imported, disk.root(), args, global);
    }
    Ok(())
}

fn source(file: &Path, disk: &Disk) -> Result<Source, Failure> {
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| unreadable("-", &error))?;
        let path = "-".to_owned();
        return Ok(Source { path, text });
    }
    let path = disk.relative(file)?;
    let is_hcl = file.extension().is_some_and(|extension| extension == "hcl");
    let text = if is_hcl {
        bake::print(&path, disk)?
    } else {
        std::fs::read_to_string(file)
            .map_err(|error| unreadable(&file.display().to_string(), &error))?
    };
    Ok(Source { path, text })
}

fn unreadable(file: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Catalog, format!("`{file}` cannot be read: {error}"))
}

/// Lists the findings, and counts them.
fn tell(findings: &[Finding], global: &Global) {
    let (mut lost, mut notes) = (0, 0);
    for finding in findings {
        match finding.weight {
            Weight::Lost => lost += 1,
            Weight::Changed => notes += 1,
        }
        if finding.weight == Weight::Lost || !global.quiet {
            stderr::line(&terminal::plain(&finding.to_string()));
        }
    }
    if !global.quiet {
        stderr::line(&summary(lost, notes));
    }
}

fn summary(lost: usize, notes: usize) -> String {
    let notes = match notes {
        0 => String::new(),
        1 => "; 1 note".to_owned(),
        notes => format!("; {notes} notes"),
    };
    match lost {
        0 => format!("everything is said{notes}"),
        1 => format!("1 thing is not said{notes}"),
        lost => format!("{lost} things are not said{notes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn findings_are_counted() {
        assert_eq!(summary(0, 0), "everything is said");
        assert_eq!(summary(1, 1), "1 thing is not said; 1 note");
        assert_eq!(summary(2, 3), "2 things are not said; 3 notes");
    }
}
