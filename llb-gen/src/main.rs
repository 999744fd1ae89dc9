//! `llbgen`, with the built-in catalog.

use std::process::ExitCode;

fn main() -> ExitCode {
    llbgen::cli(oocana::catalog())
}
