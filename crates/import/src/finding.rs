//! What an import could not say, or said in another way.

use std::fmt;

/// A finding, at its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file as it was named.
    pub file: String,
    /// The line, from one; nothing if it is about the whole file.
    pub line: Option<usize>,
    /// Whether something got lost.
    pub weight: Weight,
    /// What it is, and why.
    pub reason: String,
}

/// The weight of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something cannot be said, and a comment stands in its place.
    Lost,
    /// Something is said in another way, which a reader should know.
    Changed,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.weight {
            Weight::Lost => "not said",
            Weight::Changed => "note",
        };
        match self.line {
            Some(line) => write!(f, "{}:{line}: {word}: {}", self.file, self.reason),
            None => write!(f, "{}: {word}: {}", self.file, self.reason),
        }
    }
}
