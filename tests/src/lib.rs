//! End-to-end tests against a real buildkitd and a real registry, and their harness.

pub mod bed;
pub mod certificates;
pub mod daemon;
pub mod image;
pub mod leftovers;
pub mod machine;
pub mod registry;
pub mod server;
