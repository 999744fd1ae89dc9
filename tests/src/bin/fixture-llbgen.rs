//! `llbgen` with the test catalog that `LLBGEN_FIXTURE` names.

use std::process::ExitCode;

fn main() -> ExitCode {
    let name = std::env::var("LLBGEN_FIXTURE").expect("LLBGEN_FIXTURE names a test catalog");
    let catalog =
        llbgen_tests::fixtures::catalog(&name).expect("there is a test catalog of that name");
    llbgen::cli(catalog)
}
