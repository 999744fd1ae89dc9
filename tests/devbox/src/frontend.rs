//! The gateway frontend of a fleet.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontend::run(devbox::catalog())
}
