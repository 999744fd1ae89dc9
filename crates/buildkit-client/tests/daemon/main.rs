//! The client against a real buildkitd.
//!
//! The daemon is the `buildkitd` on PATH. Where it is missing the tests are skipped aloud, and fail when
//! `LLBGEN_TEST_ENGINE` or `CI` says that it must be there, as it is for the workspace's end-to-end tests.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bed;
mod certificates;
mod connecting;
mod failing;
mod graph;
mod rawjson;
mod rootfs;
mod services;
mod solving;
mod stopping;
mod syncing;
mod tars;
