//! The gateway frontend: options in, results out. BuildKit starts it in a container.
//!
//! A team with a catalog of its own makes its own frontend:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use frontend::catalog::{Apt, Artifact, Catalog};
//!
//! fn main() -> ExitCode {
//!     let tools = Artifact::rootfs("tools", "debian:12").step(Apt::install(["git", "zsh"]));
//!     frontend::run(Catalog::new().artifact(tools).defaults(["tools"]))
//! }
//! ```
//!
//! The way through it: [`run`] reads the messages of BuildKit, [`build()`] selects, reads the context through the
//! [`Gateway`](buildkit_client::Gateway), plans, and has every platform solved ([`engine::platform_result::results`]).

mod answer;
mod build;
mod catalog_file;
mod context;
mod dockerfile_target;
mod error;
mod gateway_resolver;
mod input_source;
mod options;
mod own_image;
mod process;
mod remote;
mod snapshot;
mod tree;

pub use ::catalog;

pub use self::{
    build::{Asked, build},
    error::FrontendError,
    options::OptionError,
    process::run,
    remote::RemoteError,
    tree::InputError,
};
