//! The kinds of ops.

use std::fmt;

/// The kind of an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OpKind {
    /// An image, a local directory, a download, a git repository, an OCI layout.
    Source,
    /// A command in a container.
    Exec,
    /// Changes to files.
    File,
    /// Layers laid over each other.
    Merge,
    /// The diff between two states.
    Diff,
    /// A nested build.
    Build,
    /// Inputs handed on as they are.
    Passthrough,
    /// The end of a definition, which only names the head.
    Terminal,
}

impl OpKind {
    /// The name, as BuildKit's tools print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Exec => "exec",
            Self::File => "file",
            Self::Merge => "merge",
            Self::Diff => "diff",
            Self::Build => "build",
            Self::Passthrough => "passthrough",
            Self::Terminal => "terminal",
        }
    }
}

impl fmt::Display for OpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
