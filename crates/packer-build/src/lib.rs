//! The recipe of the packer: cargo and rustc are called so that the program's bytes are the same for everybody who has
//! the same compilers, whatever the directory, the environment and cargo's settings.
//!
//! The keys of what a daemon caches have these bytes: a packer that differed from machine to machine would share no
//! layer. Cargo is called without the flags of the outer build (`environment`), with a profile of its own (`packer` in
//! the workspace's `Cargo.toml`), and with a wrapper around rustc that takes the machine's paths out (`wrapper`).
//!
//! Std alone: the build script of `engine` waits for this crate.

mod environment;
mod wrapper;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

pub use self::wrapper::wrap;

/// The name of the program.
const PROGRAM: &str = "llbgen-pack";

/// The profile that it is built with.
const PROFILE: &str = "packer";

/// What the program is made of, relative to the workspace.
const SOURCES: [&str; 7] = [
    "Cargo.lock",
    "Cargo.toml",
    "crates/archive/Cargo.toml",
    "crates/archive/src",
    "crates/file-set/Cargo.toml",
    "crates/file-set/src",
    "crates/packer",
];

/// The files and directories that the program is made of.
pub fn sources() -> Vec<PathBuf> {
    let workspace = workspace();
    SOURCES.iter().map(|path| workspace.join(path)).collect()
}

/// The path of the packer for `target`, as Rust names targets, built in `directory`. The calling program must begin with
/// [`wrap`].
///
/// # Errors
///
/// What cannot be started, or does not build; cargo has said why on stderr.
pub fn build(target: &str, directory: &Path) -> Result<PathBuf, String> {
    let this_program =
        env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
    let mut cargo = Command::new(program("CARGO", "cargo"));
    cargo
        .args(["build", "--quiet", "--locked", "--package", "packer"])
        .args(["--bin", PROGRAM, "--profile", PROFILE, "--target", target])
        .arg("--target-dir")
        .arg(directory)
        .current_dir(workspace());
    environment::clear(&mut cargo);
    environment::set_no_c_flags(&mut cargo, target);
    // Each of these variables wins over cargo's own settings, and `profile.packer` over `profile.release`.
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env("CARGO_BUILD_BUILD_DIR", directory)
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("RUSTC_WRAPPER", this_program);
    wrapper::prepare(&mut cargo, directory)?;
    let status = cargo.status();
    if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
        return Err(format!(
            "`{PROGRAM}` for {target} does not build: {status:?}"
        ));
    }
    Ok(directory.join(target).join(PROFILE).join(PROGRAM))
}

/// The root of the workspace.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The program that cargo names in `variable`, or `name` on PATH.
fn program(variable: &str, name: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| name.into())
}
