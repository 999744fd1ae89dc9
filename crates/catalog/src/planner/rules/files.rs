//! Plain files: one directory per platform, of the whole tree.

use super::KindRules;

/// The rules of plain files.
#[derive(Debug)]
pub(super) struct Files;

impl KindRules for Files {
    /// A frontend returns the tree itself, which BuildKit's `type=local` writes as a directory.
    fn is_packed_last(&self) -> bool {
        true
    }
}
