//! The client against a daemon that breaks the rules: ids that nobody gave it, paths that lead out, streams that end in
//! the middle.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod content;
mod errors;
mod exports;
mod fake;
mod files;
mod services;
