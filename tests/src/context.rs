//! Context directories of the fleet at the root of the repository: a build writes its lock there, so none is the workspace
//! itself.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{image::ARCHITECTURES, machine};

/// The directory in `home` that has the fleet's `llbgen.toml` and its inputs; made when it is not there.
///
/// # Panics
/// When it cannot be made.
pub fn context(home: &Path) -> PathBuf {
    let context = home.join("context");
    if !context.exists() {
        for directory in ["dockerfiles", "scripts/image"] {
            let to = context.join(directory);
            fs::create_dir_all(&to).expect("the home can be written to");
            let from = machine::workspace().join(directory);
            for entry in fs::read_dir(from).expect("the workspace has what artifacts read") {
                copy(&entry.expect("a directory can be listed").path(), &to);
            }
        }
        for file in [
            "llbgen.toml",
            "package.json",
            "package-lock.json",
            "requirements.txt",
        ] {
            copy(&machine::workspace().join(file), &context);
        }
    }
    context
}

fn copy(file: &Path, directory: &Path) {
    let to = directory.join(file.file_name().unwrap_or_default());
    fs::copy(file, to).expect("a file can be copied");
}

/// What gives the directories of [`programs`], to a command that runs in their home.
pub const PROGRAMS: [&str; 4] = [
    "--build-context",
    "oocana=programs/oocana",
    "--build-context",
    "ovmlayer=programs/ovmlayer",
];

/// Makes directories of programs in `home`, which say clearly that they are none of Oocana's.
///
/// # Panics
/// When they cannot be written.
pub fn programs(home: &Path) {
    for arch in ARCHITECTURES {
        let oocana = home.join("programs/oocana").join(arch);
        let ovmlayer = home.join("programs/ovmlayer").join(arch);
        for (directory, name) in [
            (&oocana, "oocana"),
            (&ovmlayer, "ovmlayer"),
            (&ovmlayer, "ovmlayer-helper"),
        ] {
            fs::create_dir_all(directory).expect("the home can be written to");
            // Longer than what becomes data in the graph, so that it is sent.
            let padding = "# padding\n".repeat(8 * 1024);
            let script =
                format!("#!/bin/sh\necho this is a fixture, not {name}, for {arch}\n{padding}");
            let path = directory.join(name);
            fs::write(&path, script).expect("the home can be written to");
            let executable = fs::Permissions::from_mode(0o755);
            fs::set_permissions(&path, executable).expect("a file of ours can be executable");
        }
        let versions = format!(
            "{{\"oocana\": \"1.2-{arch}\", \"ovmlayer\": \"3.4-{arch}\", \"rootfs\": \"0.6.0\"}}"
        );
        fs::write(oocana.join("versions.json"), versions).expect("the home can be written to");
    }
}

/// A lock of the fleet that no registry has the images of.
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
