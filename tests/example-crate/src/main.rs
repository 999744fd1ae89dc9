//! `llbgen` with the team's catalog.

use std::process::ExitCode;

fn main() -> ExitCode {
    llbgen::cli(example_crate::catalog())
}
