//! `llbgen-frontend`, with the built-in catalog.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontend::run(oocana::catalog())
}
