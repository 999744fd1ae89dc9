//! Problems with their artifacts and places, as errors show them.

use std::fmt;

use super::Problem;
use crate::place::{PartUse, Place};

/// All problems of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    /// The problems in the order of the artifacts.
    pub problems: Vec<Found>,
}

/// A problem and the artifact that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The artifact, or `defaults`.
    pub subject: String,
    /// The place in the file, if a file declares it.
    pub place: Option<Place>,
    /// The uses of parts that lead there, the innermost first.
    pub uses: Vec<PartUse>,
    /// The problem.
    pub problem: Problem,
}

/// In one line, with the line of a file below it if there is one, and the uses of parts that lead there.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, problem) = (&self.subject, &self.problem);
        if let Some(place) = &self.place {
            let excerpt = place.excerpt();
            let file = &place.file.name;
            let (line, column) = (excerpt.line, excerpt.column);
            write!(
                f,
                "{subject} (`{file}` line {line}, column {column}): {problem}\n{excerpt}"
            )?;
        } else {
            write!(f, "{subject}: {problem}")?;
        }
        let mut uses = self.uses.iter();
        uses.try_for_each(|used| write!(f, "\n  {used}"))
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the catalog has {} problem(s)", self.problems.len())?;
        self.problems
            .iter()
            .try_for_each(|found| write!(f, "\n  {}", found.to_string().replace('\n', "\n  ")))
    }
}

impl std::error::Error for CatalogError {}
