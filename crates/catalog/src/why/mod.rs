//! The reasons why an artifact has changed: the differences between two graphs, at the first vertices that differ, in
//! the user's terms.
//!
//! The digest of a vertex covers its own operation and the digests of its inputs, so a difference far below changes all
//! digests above it. The own operation of a vertex tells causes from consequences.

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
use crate::path::ContextPath;

/// A graph, and the hashes of its local files. The graph has only one digest for all files of a source.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The graph.
    pub definition: &'a Definition,
    /// The hash and mode of each file, in any form.
    pub files: &'a BTreeMap<ContextPath, String>,
}

/// A vertex that has changed by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The step, as `artifact: title`; the kind of the vertex, if it has no title.
    pub step: String,
    /// Its differences.
    pub differences: Vec<Difference>,
    /// The steps that follow from it, up to the artifact itself.
    pub chain: Vec<String>,
}

/// The vertices of `new` that have changed by themselves since `old`, in the order of the graph. Empty for equal
/// graphs.
pub fn why(old: Side<'_>, new: Side<'_>) -> Vec<Cause> {
    Comparison::new(old, new).run()
}
