//! `llbgen` with the catalog of a fleet.

use std::process::ExitCode;

fn main() -> ExitCode {
    llbgen::cli(devbox::catalog())
}
