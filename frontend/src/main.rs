//! `llbgen-frontend`: the frontend whose artifacts are those of `llbgen.toml`.

use std::process::ExitCode;

use frontend::catalog::Catalog;

fn main() -> ExitCode {
    frontend::run(Catalog::new())
}
