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
    stderr, stdout,
};

const CATALOG: &str = r#"//! Our artifacts.

use llbgen::catalog::{Apt, Artifact, Catalog};

/// What we build. `llbgen help` says how.
pub fn catalog() -> Catalog {
    let tools = Artifact::rootfs("tools", "debian:12")
        .description("What it is for")
        .step(Apt::install(["ca-certificates"]));
    Catalog::new().artifact(tools).defaults(["tools"])
}
"#;

/// `CRATE` is the crate's own name in Rust.
const MAIN: &str = r"//! `llbgen` with our artifacts.

use std::process::ExitCode;

fn main() -> ExitCode {
    llbgen::cli(CRATE::catalog())
}
";

const FRONTEND: &str = r"//! Our artifacts for who has docker alone: `docker buildx build --build-arg BUILDKIT_SYNTAX=IMAGE`.
//!
//! IMAGE is llbgen's own frontend with this program in the place of `/llbgen-frontend`, linked statically:
//! `cargo rustc --release --bin NAME-frontend --target x86_64-unknown-linux-gnu -- -C target-feature=+crt-static`.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontend::run(CRATE::catalog())
}
";

pub(super) fn run(directory: &Path, llbgen: &str, global: &Global) -> Result<(), Failure> {
    let name = package_name(directory)?;
    let manifest = manifest(name, &Origin::find(llbgen)?);
    let filled_in = |program: &str| {
        let program = program.replace("CRATE", &name.replace('-', "_"));
        program.replace("NAME", name)
    };
    if directory.exists() {
        let error = format!("`{}` is there already", directory.display());
        return Err(Failure::new(Exit::Usage, error).with_hint("give the name of a new directory"));
    }
    let write = || {
        fs::create_dir_all(directory.join("src"))?;
        fs::write(directory.join("src/lib.rs"), CATALOG)?;
        fs::write(directory.join("src/main.rs"), filled_in(MAIN))?;
        fs::write(directory.join("src/frontend.rs"), filled_in(FRONTEND))?;
        fs::write(directory.join("Cargo.toml"), manifest)
    };
    write().map_err(|error: io::Error| {
        let error = format!("`{}` cannot be written: {error}", directory.display());
        Failure::new(Exit::Failed, error)
    })?;
    writeln!(stdout::lock(), "{}", directory.display())?;
    if !global.quiet {
        stderr::line(&format!(
            "`{name}` is `llbgen` with a catalog of its own; next: cargo run --manifest-path {}/Cargo.toml list",
            directory.display()
        ));
    }
    Ok(())
}

fn manifest(name: &str, origin: &Origin) -> String {
    format!(
        "[package]\nname = {name}\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\ndefault-run = {name}\n\n\
         [[bin]]\nname = {frontend}\npath = \"src/frontend.rs\"\n\n\
         [dependencies]\nfrontend = {{ {} }}\nllbgen = {{ {} }}\n",
        origin.dependency("frontend"),
        origin.dependency("llb-gen"),
        name = text(name),
        frontend = text(&format!("{name}-frontend")),
    )
}

/// The dependencies of the crate, whose names its own library cannot have.
const TAKEN: [&str; 2] = ["frontend", "llbgen"];

/// The last part of the path, as a name that cargo accepts.
fn package_name(directory: &Path) -> Result<&str, Failure> {
    let name = directory.file_name().and_then(|name| name.to_str());
    let is_plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !TAKEN.contains(name)
    };
    name.filter(is_plain).ok_or_else(|| {
        let error = format!(
            "`{}` does not end in the name of a crate: a letter, then letters, digits, `-`, `_`; not `frontend` or `llbgen`",
            directory.display()
        );
        Failure::new(Exit::Usage, error)
    })
}

/// The place where cargo finds llbgen.
enum Origin<'a> {
    /// A git repository.
    Git(&'a str),
    /// The workspace of a checkout.
    Checkout(PathBuf),
}

impl<'a> Origin<'a> {
    fn find(llbgen: &'a str) -> Result<Self, Failure> {
        if ["https://", "http://", "ssh://", "git://", "file://"]
            .iter()
            .any(|scheme| llbgen.starts_with(scheme))
        {
            return Ok(Self::Git(llbgen));
        }
        checkout(Path::new(llbgen))
            .map(Self::Checkout)
            .ok_or_else(|| {
                let error = format!("`{llbgen}` is neither a URL nor a checkout of llbgen");
                Failure::new(Exit::Usage, error)
            })
    }

    /// The source of the package in that directory of the workspace, for a manifest.
    fn dependency(&self, directory: &str) -> String {
        match self {
            Self::Git(url) => format!("git = {}", text(url)),
            Self::Checkout(workspace) => {
                let path = workspace.join(directory);
                format!("path = {}", text(&path.to_string_lossy()))
            }
        }
    }
}

/// The workspace of a checkout, given its directory or that of the package in it.
fn checkout(given: &Path) -> Option<PathBuf> {
    let candidates = [given.to_owned(), given.join("..")];
    let found = candidates.into_iter().find(|directory| {
        let manifest = fs::read_to_string(directory.join("llb-gen/Cargo.toml"));
        manifest.is_ok_and(|manifest| manifest.contains("name = \"llbgen\""))
    });
    found?.canonicalize().ok()
}
