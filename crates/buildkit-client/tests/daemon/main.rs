//! The client against a real buildkitd.
//!
//! The daemon is the `buildkitd` on PATH. Where it is missing the tests are skipped aloud, and fail when
//! `LLBGEN_TEST_ENGINE` or `CI` says that it must be there, as it is for the workspace's end-to-end tests.

mod bed;
mod solving;
mod tars;
