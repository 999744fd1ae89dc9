//! End-to-end tests against a real buildkitd and a real registry, and their harness.
//!
//! A test asks for [`bed::Bed::shared`], runs programs with [`command`], and looks at what came of it with [`tree`],
//! [`parity`] and [`progress`]. `scripts/dev/test` runs them all.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness says what is wrong by panicking, everywhere"
)]

pub mod bed;
pub mod certificates;
pub mod command;
pub mod context;
pub mod cut;
pub mod daemon;
pub mod estargz;
pub mod faults;
pub mod fixtures;
pub mod fleet;
mod front;
pub mod frontend;
pub mod image;
pub mod immutable;
pub mod leftovers;
pub mod machine;
pub mod oci_archive;
pub mod parity;
pub mod process;
pub mod progress;
pub mod registry;
pub mod server;
pub mod shared;
pub mod tokens;
pub mod tree;
pub mod web;
