//! Why an artifact is another one than before: what differs between two graphs, at the first vertices that differ, in
//! the user's terms.
//!
//! A vertex's digest is over what it does and over the digests of what it reads, so a difference far below changes all
//! digests above it. What a vertex does by itself tells causes from consequences.

mod align;
mod command;
mod compare;
mod difference;
mod file;
mod own;
mod placing;
mod side;

use std::collections::BTreeMap;

use buildkit_llb::Definition;
use serde::Serialize;

use self::compare::Comparison;
pub use self::difference::Difference;

/// A graph, and the hashes of the files that it names only all together.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The graph.
    pub definition: &'a Definition,
    /// For each file its hash and mode, in any form.
    pub files: &'a BTreeMap<crate::ContextPath, String>,
}

/// A vertex that does something else than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The step, as `artifact: title`; what it is, for a vertex without a title.
    pub step: String,
    /// What it does otherwise.
    pub differences: Vec<Difference>,
    /// The steps that follow from it, up to the artifact itself.
    pub chain: Vec<String>,
}

/// The vertices that do something else in `new` than in `old`, the first of the graph first. None for graphs that are
/// equal.
pub fn why(old: Side<'_>, new: Side<'_>) -> Vec<Cause> {
    Comparison::new(old, new).run()
}
