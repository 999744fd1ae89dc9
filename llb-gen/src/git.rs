//! Git's variables, for the names of images.

use catalog::{CheckedCatalog, GitValues};
use engine::git_of;

use crate::args::{Global, Variation};

/// What git says of the context directory, and what is set instead. Nobody asks git for names that do not depend on it.
pub(crate) fn git(catalog: &CheckedCatalog, variation: &Variation, global: &Global) -> GitValues {
    let found = if catalog.uses_git() {
        git_of(&global.context)
    } else {
        GitValues::default()
    };
    found.with(&variation.set)
}
