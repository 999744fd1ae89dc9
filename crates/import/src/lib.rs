//! Dockerfiles, bake files and compose files as the text of an `llbgen.toml`.
//!
//! Texts go in, and a text comes out, with a list of what it does not say: files are read by the caller, through
//! [`Files`]. On the way of the data: `dockerfile` reads lines and instructions, `words` quotes and variables, `scope`
//! knows what names stand for, `stages` what needs what, `convert` makes artifacts of stages, `write` the text. An
//! `llbgen.toml` of the language of before goes through `upgrade` alone.

mod bake;
mod compose;
mod convert;
mod describe;
mod dockerfile;
mod finding;
mod from_lines;
mod import;
mod matrix;
mod model;
mod options;
mod original;
mod path;
mod project;
mod scope;
mod stages;
mod tags;
mod target;
mod text;
mod upgrade;
mod words;
mod write;

pub use self::{
    finding::{Finding, Weight},
    from_lines::{FromLine, UnreadableDockerfile, from_lines},
    import::{ImportError, Imported, Source, import},
    original::{Original, Recipe},
};

/// The files that an import may look at; paths are relative to the catalog's directory.
pub trait Files {
    /// The text of a file, if there is one.
    fn read(&self, path: &str) -> Option<String>;

    /// What is at a path, if anything is; of a symbolic link, what it leads to.
    fn kind(&self, path: &str) -> Option<Kind>;

    /// The names of what is in a directory, if it is one.
    fn names(&self, directory: &str) -> Option<Vec<String>>;

    /// The path that symbolic links on a path lead to, if there is something, below the catalog's directory.
    fn followed(&self, path: &str) -> Option<String>;
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
}
