//! Git's variables, for the names of images.

use catalog::{CheckedCatalog, GitValues, Template};
use engine::git_of;

use crate::args::{Global, Variation};

/// What git says of the context directory, and what is set instead, for the names that the catalog and a call with
/// `tags` give. Nobody asks git for names that do not depend on it.
pub(crate) fn git(
    catalog: &CheckedCatalog,
    tags: &[Template],
    variation: &Variation,
    global: &Global,
) -> GitValues {
    let is_used = |tag: &Template| GitValues::NAMES.iter().any(|name| tag.uses(name));
    let found = if catalog.uses_git() || tags.iter().any(is_used) {
        git_of(&global.context)
    } else {
        GitValues::default()
    };
    found.with(&variation.set)
}
