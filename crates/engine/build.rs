//! Builds the program that graphs run as one static file, to be carried inside this crate: wherever llbgen is installed,
//! the packer is there too. `packer-build` has the recipe.

use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    if let Some(code) = packer_build::wrap() {
        return code;
    }
    for source in packer_build::sources() {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let directory = Path::new(&variable("OUT_DIR")).join("packer");
    match packer_build::build(&variable("TARGET"), &directory) {
        Ok(program) => {
            println!("cargo::rustc-env=LLBGEN_PACKER={}", program.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets `{name}`"))
}
