//! The subcommands, one a file.

pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod emit;
pub(crate) mod list;
pub(crate) mod show;
