//! Context directories of the built-in catalog: a build writes its lock there, so none is the workspace itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::machine;

/// The directory in `home` that has the inputs of the built-in catalog; made when it is not there.
///
/// # Panics
/// When it cannot be made.
pub fn context(home: &Path) -> PathBuf {
    let context = home.join("context");
    if !context.exists() {
        let dockerfiles = context.join("dockerfiles");
        fs::create_dir_all(&dockerfiles).expect("the home can be written to");
        let workspace = machine::workspace().join("dockerfiles");
        for entry in fs::read_dir(workspace).expect("the workspace has Dockerfiles") {
            let from = entry.expect("a directory can be listed").path();
            let to = dockerfiles.join(from.file_name().unwrap_or_default());
            fs::copy(&from, to).expect("a Dockerfile can be copied");
        }
    }
    context
}

/// A lock of the built-in catalog that no registry has the images of.
pub fn made_up_lock() -> String {
    let image = |name: &str, digit: &str, env: &str| {
        let platform = |platform: &str| {
            format!("[image.\"{name}\".platform.\"{platform}\"]\nenv = [\"{env}\"]\n")
        };
        format!(
            "[image.\"{name}\"]\ndigest = \"sha256:{}\"\n{}{}",
            digit.repeat(64),
            platform("linux/amd64"),
            platform("linux/arm64")
        )
    };
    format!(
        "version = 1\n[packages]\nepoch = \"2026-01-02T03:04:05Z\"\n{}{}",
        image("ghcr.io/oomol/server-base:v0.6.0", "5", "HOME=/root"),
        image("ubuntu:latest", "a", "PATH=/usr/bin:/bin"),
    )
}
