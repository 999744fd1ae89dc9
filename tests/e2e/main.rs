//! Everything that is claimed about builds, against a real buildkitd and a real registry.
//!
//! One program, so that all tests share one daemon and what it has built. Run it with `scripts/dev/test`.

mod bed;
