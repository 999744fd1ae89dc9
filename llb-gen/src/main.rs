//! `llbgen`: the command whose artifacts are those of `llbgen.toml`.

use std::process::ExitCode;

use llbgen::catalog::Catalog;

fn main() -> ExitCode {
    llbgen::cli(Catalog::new())
}
