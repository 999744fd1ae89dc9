//! The command: clap, the terminal, the rendering of events.
//!
//! `llbgen` itself declares no artifact: they are those of `llbgen.toml`. A team with a catalog in Rust makes its own
//! `llbgen`:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use llbgen::catalog::{Apt, Artifact, Catalog};
//!
//! fn main() -> ExitCode {
//!     let tools = Artifact::rootfs("tools", "debian:12").step(Apt::install(["git", "zsh"]));
//!     llbgen::cli(Catalog::new().artifact(tools).defaults(["tools"]))
//! }
//! ```

mod args;
mod build_job;
mod catalog_file;
mod commands;
mod connection;
mod failure;
mod git;
mod graph;
mod listing;
mod logins;
mod outputs;
mod progress;
mod resolving;
mod signals;
mod source_hint;
mod source_lines;
mod stderr;
mod stdout;
mod terminal;
mod workspace;

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

pub use ::catalog;
use ::catalog::Catalog;
use clap::{ColorChoice, CommandFactory, FromArgMatches};

use self::{
    args::{Cli, ColorMode, Command},
    failure::{Exit, Failure},
};

/// Runs the command line of this process on `catalog`.
///
/// Exit codes: 0 done, 1 the build failed, 2 usage, 3 the catalog or an input is wrong, 4 the daemon or a
/// registry cannot be reached, 70 a bug, 75 a transient failure, 128 + N interrupted by signal N.
pub fn cli(catalog: Catalog) -> ExitCode {
    let args = match parse() {
        Ok(args) => args,
        Err(code) => return code,
    };
    match panic::catch_unwind(AssertUnwindSafe(|| run(&args, catalog))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            failure.print();
            failure.exit.into()
        }
        Err(_) => {
            let error = "this is a bug of llbgen; the message above says where it noticed";
            Failure::new(Exit::Bug, error).print();
            Exit::Bug.into()
        }
    }
}

fn parse() -> Result<Cli, ExitCode> {
    let command = Cli::command().color(ColorChoice::Auto);
    let parsed = command.try_get_matches().and_then(|matches| {
        let mut args = Cli::from_arg_matches(&matches)?;
        args.global.connection.addr_source = matches.value_source("addr");
        Ok(args)
    });
    let args = parsed.map_err(|error| {
        let text = error.render().ansi().to_string();
        if error.use_stderr() {
            stderr::in_colours(text.trim_end());
        } else if let Err(unwritten) = stdout::text(&text) {
            let failure = Failure::from(unwritten);
            failure.print();
            return failure.exit.into();
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })?;
    match args.global.color {
        ColorMode::Auto => anstream::ColorChoice::Auto,
        ColorMode::Always => anstream::ColorChoice::Always,
        ColorMode::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    Ok(args)
}

fn run(args: &Cli, catalog: Catalog) -> Result<(), Failure> {
    match &args.command {
        Command::Completions(args) => return commands::completions::run(args),
        Command::Schema => return commands::schema::run(),
        Command::Import(command) => return commands::import::run(command, &args.global),
        Command::New(command) => return commands::new::run(command, &args.global, catalog),
        Command::Doctor(command) => return commands::doctor::run(command, &args.global, catalog),
        _ => {}
    }
    let context = &args.global.context;
    let catalog = match (catalog_file::with_file(catalog, context)?, &args.command) {
        (Some(catalog), _) => catalog.check()?,
        (None, Command::List(command)) if command.artifacts.is_empty() => {
            return commands::list::nothing(
                command,
                &args.global,
                &catalog_file::nothing_here(context),
            );
        }
        (None, _) => return Err(catalog_file::missing(context)),
    };
    match &args.command {
        Command::List(command) => commands::list::run(command, &args.global, &catalog),
        Command::Show(command) => commands::show::run(command, &args.global, &catalog),
        Command::Emit(command) => commands::emit::run(command, &args.global, &catalog),
        Command::Build(command) => commands::build::run(command, &args.global, &catalog),
        Command::Plan(command) => commands::plan::run(command, &args.global, &catalog),
        Command::Why(command) => commands::why::run(command, &args.global, &catalog),
        Command::Graph(command) => commands::graph::run(command, &args.global, &catalog),
        Command::Id(command) => commands::id::run(command, &args.global, &catalog),
        Command::Lock(command) => commands::lock::run(command, &args.global, &catalog),
        Command::Update(command) => commands::update::run(command, &args.global, &catalog),
        Command::Drift(command) => commands::drift::run(command, &args.global, &catalog),
        Command::Import(_)
        | Command::New(_)
        | Command::Doctor(_)
        | Command::Schema
        | Command::Completions(_) => Ok(()),
    }
}
