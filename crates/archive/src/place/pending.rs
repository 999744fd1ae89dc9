//! Directories of a source that the target gets only if something goes into them.

use std::collections::BTreeMap;

use super::PlaceError;
use super::dress::Dress;
use super::root::split;
use super::tree::Tree;

/// Directories by their paths in the target.
#[derive(Debug, Default)]
pub(super) struct Pending(BTreeMap<Vec<u8>, Dress>);

impl Pending {
    /// Adds a directory.
    pub(super) fn add(&mut self, path: &[u8], dress: Dress) {
        self.0.insert(path.to_vec(), dress);
    }

    /// Makes `path`, if it is one of them, and those above it.
    pub(super) fn make_above(&mut self, path: &[u8], tree: &mut Tree) -> Result<(), PlaceError> {
        let mut wanted = Vec::new();
        let mut above = path;
        while !above.is_empty() {
            if let Some(dress) = self.0.remove(above) {
                wanted.push((above, dress));
            }
            above = split(above).0;
        }
        wanted
            .iter()
            .rev()
            .try_for_each(|(path, dress)| tree.directory(path, dress))
    }
}
