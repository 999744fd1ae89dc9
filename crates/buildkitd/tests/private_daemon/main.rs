//! The private daemon, with the real buildkitd and runc, in processes of its own where a process has to die.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, and helpers do not count as tests"
)]

mod bed;
mod cut_off;
mod ends;
mod process;
mod refused;
mod rootless;
mod sharing;
mod step;
