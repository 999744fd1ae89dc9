//! A crate whose program is `llbgen` with a catalog of its own.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::text;
use crate::{
    args::Global,
    failure::{Exit, Failure},
};

const MAIN: &str = r#"//! `llbgen` with our artifacts.

use std::process::ExitCode;

use llbgen::catalog::{Apt, Artifact, Catalog};

fn main() -> ExitCode {
    llbgen::cli(catalog())
}

/// What we build. `llbgen help` says how.
fn catalog() -> Catalog {
    let tools = Artifact::rootfs("tools", "debian:12")
        .description("What it is for")
        .step(Apt::install(["ca-certificates"]));
    Catalog::new().artifact(tools).defaults(["tools"])
}
"#;

pub(super) fn run(directory: &Path, llbgen: &str, global: &Global) -> Result<(), Failure> {
    let name = package_name(directory)?;
    let manifest = format!(
        "[package]\nname = {}\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\nllbgen = {{ {} }}\n",
        text(name),
        dependency(llbgen)?
    );
    if directory.exists() {
        let error = format!("`{}` is there already", directory.display());
        return Err(Failure::new(Exit::Usage, error).with_hint("give the name of a new directory"));
    }
    let write = || {
        fs::create_dir_all(directory.join("src"))?;
        fs::write(directory.join("src/main.rs"), MAIN)?;
        fs::write(directory.join("Cargo.toml"), manifest)
    };
    write().map_err(|error: io::Error| {
        let error = format!("`{}` cannot be written: {error}", directory.display());
        Failure::new(Exit::Failed, error)
    })?;
    writeln!(io::stdout().lock(), "{}", directory.display())?;
    if !global.quiet {
        anstream::eprintln!(
            "`{name}` is `llbgen` with a catalog of its own; next: cargo run --manifest-path {}/Cargo.toml list",
            directory.display()
        );
    }
    Ok(())
}

/// The last part of the path, as a name that cargo takes.
fn package_name(directory: &Path) -> Result<&str, Failure> {
    let name = directory.file_name().and_then(|name| name.to_str());
    let is_plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    name.filter(is_plain).ok_or_else(|| {
        let error = format!(
            "`{}` does not end in the name of a crate: a letter, then letters, digits, `-`, `_`",
            directory.display()
        );
        Failure::new(Exit::Usage, error)
    })
}

/// Where cargo finds llbgen.
fn dependency(llbgen: &str) -> Result<String, Failure> {
    if ["https://", "http://", "ssh://", "git://", "file://"]
        .iter()
        .any(|scheme| llbgen.starts_with(scheme))
    {
        return Ok(format!("git = {}", text(llbgen)));
    }
    let path = package_directory(Path::new(llbgen)).ok_or_else(|| {
        let error = format!("`{llbgen}` is neither a URL nor a checkout of llbgen");
        Failure::new(Exit::Usage, error)
    })?;
    Ok(format!("path = {}", text(&path.to_string_lossy())))
}

/// The directory of the package in a checkout, which may be the checkout or the package itself.
fn package_directory(checkout: &Path) -> Option<PathBuf> {
    let candidates = [checkout.join("llb-gen"), checkout.to_owned()];
    let found = candidates.into_iter().find(|directory| {
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
        manifest.contains("name = \"llbgen\"")
    });
    found?.canonicalize().ok()
}
