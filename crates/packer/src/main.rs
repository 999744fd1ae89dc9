//! The program that a graph runs: it packs mounted trees as canonical tars.
//!
//! ```text
//! llbgen-pack rootfs TREE OUT.tar
//! llbgen-pack layer [--whiteouts=overlay] BASE WHOLE OUT.tar
//! ```
//!
//! It is one static file, as there is nothing else in the container that it runs in.

mod pack;

use std::{error::Error, io::Write as _, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match pack::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Tells an error with its causes, on one line: it becomes part of the step's log.
fn report(error: &dyn Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    // Where stderr is gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "error: {text}");
}
