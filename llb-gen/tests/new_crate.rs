//! `llbgen new --rust` makes a crate that builds.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// `cargo build` of the crate, with the dependencies as this workspace has locked and, with its settings, built them.
fn build(directory: &Path, target: &Path) {
    let lock = workspace().join("Cargo.lock");
    fs::copy(lock, directory.join("Cargo.lock")).unwrap();
    // The directory is below that of this workspace, and the crate no member of it.
    let manifest = directory.join("Cargo.toml");
    let own = fs::read_to_string(&manifest).unwrap() + "\n[workspace]\n";
    fs::write(manifest, own).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    // Build scripts that read variables of this name, as that of `ring` does, would run again.
    let of_package = env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    of_package.for_each(|name| _ = cargo.env_remove(name));
    cargo
        .args(["build", "--quiet", "--offline"])
        .args(["--config", "profile.dev.package.sha2.opt-level=3"])
        .args(["--config", "profile.dev.package.archive.opt-level=2"])
        .env("CARGO_TARGET_DIR", target)
        .current_dir(directory);
    // This setting can also come from the environment, which `--config` would override.
    if env::var_os("CARGO_PROFILE_DEV_DEBUG").is_none() {
        cargo.args(["--config", "profile.dev.debug='line-tables-only'"]);
    }
    stdout(&mut cargo);
}

#[test]
fn a_new_crate_builds_and_lists_its_artifacts() {
    // Always the same, so that cargo puts what it builds where it did before.
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-crate");
    fs::remove_dir_all(&home).ok();
    fs::create_dir(&home).unwrap();
    let name = "crate-of-a-test";
    let mut new = Command::new(env!("CARGO_BIN_EXE_llbgen"));
    new.args(["new", "--rust", name, "--llbgen"])
        .arg(workspace())
        .current_dir(&home);
    assert_eq!(stdout(&mut new).trim(), name);
    // The target directory, which has all dependencies.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    build(&home.join(name), target);
    let program = target.join("debug").join(name);
    let listed = stdout(Command::new(program).arg("list").current_dir(&home));
    assert!(listed.contains("tools  rootfs"), "{listed}");
    let frontend = format!("{name}-frontend");
    assert!(target.join("debug").join(frontend).is_file());
}
