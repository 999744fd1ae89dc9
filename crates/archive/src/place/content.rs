//! The files that are put into a tree, as a [`file_set`].

use std::collections::BTreeMap;

use file_set::{FileSetDigest, Kind};

use super::PlaceError;
use crate::digest::Digest;

/// Files by their paths below what is copied.
#[derive(Debug, Default)]
pub(crate) struct Content(BTreeMap<Vec<u8>, (Kind, Digest)>);

impl Content {
    /// Adds a file.
    pub(crate) fn note(&mut self, path: Vec<u8>, kind: Kind, digest: Digest) {
        self.0.insert(path, (kind, digest));
    }

    /// Fails if the files do not have the expected digest.
    pub(crate) fn check(&self, expected: Digest) -> Result<(), PlaceError> {
        let mut digest = FileSetDigest::new();
        for (path, (kind, content)) in &self.0 {
            digest.add(path, *kind, content.as_bytes());
        }
        let found = Digest::from(digest.finish());
        if found == expected {
            return Ok(());
        }
        Err(PlaceError::Content { expected, found })
    }
}
