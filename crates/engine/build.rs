//! Builds the program that graphs run as one static file, to be carried inside this crate: wherever llbgen is installed,
//! the packer is there too.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The name of the program.
const PROGRAM: &str = "llbgen-pack";

fn main() {
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../..");
    for source in [
        "crates/packer",
        "crates/archive/src",
        "crates/archive/Cargo.toml",
    ] {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
    let target = variable("TARGET");
    let directory = PathBuf::from(variable("OUT_DIR")).join("packer");
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .args(["rustc", "--quiet", "--release", "--package", "packer"])
        .args(["--bin", PROGRAM, "--target", &target, "--target-dir"])
        .arg(&directory)
        .args(["--", "-C", "target-feature=+crt-static"])
        .current_dir(&workspace);
    // Clippy's wrapper and the flags of the outer build are not for this one.
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy().into_owned();
        let is_outer = name_text.starts_with("RUSTC") && name_text != "RUSTC"
            || name_text.starts_with("CARGO_CFG")
            || name_text.starts_with("CARGO_FEATURE")
            || name_text.contains("RUSTFLAGS");
        if is_outer {
            cargo.env_remove(&name);
        }
    }
    let status = cargo.status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "`{PROGRAM}` does not build: {status:?}"
    );
    let program = directory.join(target).join("release").join(PROGRAM);
    println!("cargo::rustc-env=LLBGEN_PACKER={}", program.display());
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets `{name}`"))
}
