//! The team's frontend for `docker buildx build`.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontend::run(example_crate::catalog())
}
