//! The subcommands, one a file.

pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod emit;
pub(crate) mod graph;
pub(crate) mod id;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod update;
pub(crate) mod why;
