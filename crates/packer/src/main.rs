//! The program that a graph runs: it puts files into mounted trees, and packs them as canonical tars.
//!
//! It is one static file, as there is nothing else in the container that it runs in.

mod command;
mod run;

use std::{error::Error, io::Write as _, process::ExitCode};

use self::command::Command;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let failed = match Command::read(&arguments) {
        Ok(command) => run::run(&command).err(),
        Err(usage) => Some(usage.into()),
    };
    match failed {
        None => ExitCode::SUCCESS,
        Some(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Prints an error with its causes on one line, which becomes part of the step's log.
fn report(error: &dyn Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    // Without stderr, there is nowhere to report to.
    let _ = writeln!(std::io::stderr(), "error: {text}");
}
