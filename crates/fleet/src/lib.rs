//! Many artifacts: inputs, the private daemon, parallel solves, outputs on disk.

pub mod daemon;
