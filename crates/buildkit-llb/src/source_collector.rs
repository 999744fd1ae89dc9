//! The source files of a definition, each once, in the order in which vertices first name them.

use crate::constraints::Constraints;
use crate::definition::{Location, SourceFile};
use crate::error::MarshalError;
use crate::sourcemap::{SourceLocation, SourceMap};

/// The source files that were named so far.
#[derive(Debug, Default)]
pub(crate) struct SourceCollector {
    maps: Vec<SourceMap>,
}

impl SourceCollector {
    /// The locations of one vertex, with source files by their index.
    pub(crate) fn add(&mut self, locations: &[SourceLocation]) -> Vec<Location> {
        locations
            .iter()
            .map(|location| Location {
                source_index: self.index(&location.map),
                ranges: location.ranges.clone(),
            })
            .collect()
    }

    /// The source files, those with a state marshalled under the same constraints.
    pub(crate) fn marshal(
        &self,
        constraints: &Constraints,
    ) -> Result<Vec<SourceFile>, MarshalError> {
        self.maps
            .iter()
            .map(|map| {
                Ok(SourceFile {
                    filename: map.filename().into(),
                    language: map.language().into(),
                    data: map.data().into(),
                    definition: map
                        .state()
                        .map(|state| state.marshal(constraints))
                        .transpose()?
                        .map(Box::new),
                })
            })
            .collect()
    }

    fn index(&mut self, map: &SourceMap) -> usize {
        self.maps
            .iter()
            .position(|known| known.is_same(map))
            .unwrap_or_else(|| {
                self.maps.push(map.clone());
                self.maps.len() - 1
            })
    }
}
