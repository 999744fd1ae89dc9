//! Changes to files.

mod action;
mod chain;
mod copy;
mod encode;
mod flatten;
mod owner;

pub use self::action::{Mkdir, Mkfile, Rm, Symlink};
pub use self::chain::{FileActions, FileTree};
pub use self::copy::{Copy, CopySource};
pub use self::owner::{Owner, User};

pub(crate) use self::encode::FileOp;
