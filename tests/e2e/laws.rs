//! Laws of what is built: nothing but ids decides on bytes, no time is later than the epoch, and one tree has one content.

mod content;
mod copying;
mod epoch;
mod equal;
mod repositories;

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use llbgen_tests::{bed::Bed, command::clean, machine::llbgen};

/// `llbgen build` on that daemon, with the catalog in `home`.
fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Command {
    let mut command = clean(llbgen(), home);
    command
        .args(["--addr", &bed.address(), "build"])
        .args(arguments);
    command
}

/// Writes a file, with all directories above it.
fn write(home: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = home.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// The digests of the tars in a directory, by their names.
fn tars(directory: &Path) -> BTreeMap<String, String> {
    let paths = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let tars = paths.filter(|path| path.extension().is_some_and(|end| end == "tar"));
    let pairs = tars.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (
            name,
            archive::Digest::of(&fs::read(path).unwrap()).to_string(),
        )
    });
    pairs.collect()
}
