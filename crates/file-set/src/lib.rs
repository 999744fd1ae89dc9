//! What a graph says of the files that a copy takes: which are left out ([`Excludes`]), which modes and owners they get
//! ([`Mode`], [`Owner`]), and the digest of them all ([`FileSetDigest`]). The packer carries it out.
//!
//! ```
//! use file_set::{Excludes, Mode};
//!
//! let excludes = Excludes::try_new(["node_modules", "**/*.log"])?;
//! assert!(excludes.leave_out(b"node_modules/x/i.js") && !excludes.leave_out(b"src/main.js"));
//!
//! let mode: Mode = "u=rwX,go=".parse()?;
//! assert_eq!(mode.of_file(0o644), 0o600);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod digest;
mod exclude;
mod glob;
mod mode;
mod owner;

pub use digest::{FileSetDigest, Kind};
pub use exclude::{ExcludeError, Excludes};
pub use glob::matches;
pub use mode::{Mode, ModeError};
pub use owner::{Owner, OwnerError, OwnerId};
