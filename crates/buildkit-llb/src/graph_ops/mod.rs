//! Ops that combine states: merge, diff, nested build, passthrough.

mod build;
mod diff;
mod merge;
mod passthrough;

pub use self::build::Build;
pub use self::diff::Diff;
pub use self::merge::Merge;
pub use self::passthrough::Passthrough;

pub(crate) use self::build::BuildOp;
pub(crate) use self::diff::DiffOp;
pub(crate) use self::merge::MergeOp;
pub(crate) use self::passthrough::PassthroughOp;
