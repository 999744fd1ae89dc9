//! `llbgen completions`: shell completions on stdout.

use std::io::Write as _;

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionsArgs},
    failure::Failure,
    stdout,
};

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "llbgen", &mut script);
    stdout::lock().write_all(&script)?;
    Ok(())
}
