//! The wrapper around rustc, which takes this machine's paths out of the program.
//!
//! Cargo hashes the flags that it knows of into the names of symbols, and only rustc's caller knows where the sources of
//! each package are: a registry, a vendor directory, the workspace. So the program that calls cargo is its wrapper too.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
    process::{Command, ExitCode},
};

use crate::program;

/// In its environment the wrapper finds the directory of the build.
const DIRECTORY: &str = "LLBGEN_PACKER_DIRECTORY";

/// And the sources of the standard library, as an argument of `--remap-path-prefix`.
const STANDARD_LIBRARY: &str = "LLBGEN_PACKER_STANDARD_LIBRARY";

/// The exit code of rustc, if this process was started as the wrapper around it.
pub fn wrap() -> Option<ExitCode> {
    let directory = env::var_os(DIRECTORY)?;
    let mut arguments = env::args_os().skip(1);
    let mut rustc = Command::new(arguments.next()?);
    rustc.args(arguments);
    for prefix in prefixes(&directory) {
        rustc.arg("--remap-path-prefix").arg(prefix);
    }
    let code = match rustc.status() {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()),
        Err(_) => None,
    };
    Some(ExitCode::from(code.unwrap_or(1)))
}

/// Tells the wrapper that `cargo` will start what it needs to know.
pub(crate) fn prepare(cargo: &mut Command, directory: &Path) -> Result<(), String> {
    cargo
        .env(DIRECTORY, directory)
        .env(STANDARD_LIBRARY, standard_library()?);
    Ok(())
}

/// What is put in the place of paths of this machine. Of several that fit, rustc takes the last.
fn prefixes(directory: &OsStr) -> Vec<OsString> {
    let mut prefixes = vec![remap(directory, "/build")];
    prefixes.extend(env::var_os(STANDARD_LIBRARY));
    let name = env::var("CARGO_PKG_NAME");
    let version = env::var("CARGO_PKG_VERSION");
    if let (Some(sources), Ok(name), Ok(version)) =
        (env::var_os("CARGO_MANIFEST_DIR"), name, version)
    {
        prefixes.push(remap(&sources, &format!("/{name}-{version}")));
    }
    prefixes
}

/// The sources of the standard library, where they are installed, under the name that they have where they are not.
fn standard_library() -> Result<OsString, String> {
    let sysroot = rustc(&["--print", "sysroot"])?;
    let version = rustc(&["-vV"])?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))
        .unwrap_or("unknown");
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    Ok(remap(sources.as_os_str(), &format!("/rustc/{commit}")))
}

fn remap(from: &OsStr, to: &str) -> OsString {
    let mut prefix = from.to_owned();
    prefix.push("=");
    prefix.push(to);
    prefix
}

/// What rustc prints.
fn rustc(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program("RUSTC", "rustc"))
        .args(arguments)
        .output()
        .map_err(|error| format!("rustc cannot be asked: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
