//! Keys that TOML puts elsewhere than their writer means: below the header above them, or into a table for each dot of a
//! name.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Mistake, sources::Sources, value::in_order};

/// The tables of the root whose entries have steps.
const OWNERS: [&str; 3] = ["artifact", "template", "part"];

/// The lists of steps.
const LISTS: [&str; 2] = ["steps", "finally"];

/// The keys of artifacts, templates and parts that no step has.
const NOT_OF_STEPS: [&str; 20] = [
    "annotations",
    "attest",
    "axes",
    "base",
    "compression",
    "description",
    "file-tags",
    "finally",
    "inherits",
    "kind",
    "options",
    "output",
    "parameters",
    "platform-tags",
    "platforms",
    "release-tags",
    "repository",
    "runs-on",
    "tags",
    "whiteouts",
];

/// The first key that is elsewhere than meant, with its place.
pub(super) fn find(root: &DeTable<'_>, sources: &Sources) -> Option<(Range<usize>, Mistake)> {
    let found = OWNERS.iter().find_map(|owner| {
        let entries = root.get(*owner)?.get_ref().as_table()?;
        in_order(entries).into_iter().find_map(|(name, value)| {
            let table = value.get_ref().as_table()?;
            let path = name.get_ref().to_string();
            dotted(owner, &path, table).or_else(|| below_steps(owner, &path, table, sources))
        })
    });
    let (span, message) = found?;
    Some((span, Mistake::Value { message }))
}

/// A table in an entry that looks like an entry itself: `[artifact.node.js]`.
fn dotted(owner: &str, path: &str, table: &DeTable<'_>) -> Option<(Range<usize>, String)> {
    in_order(table).into_iter().find_map(|(key, value)| {
        let inner = value.get_ref().as_table()?;
        let path = format!("{path}.{}", key.get_ref());
        let marks = ["kind", "inherits", "steps"];
        if !marks.iter().any(|mark| inner.contains_key(*mark)) {
            return dotted(owner, &path, inner);
        }
        let message =
            format!("`{path}` is a table in a table here: quote it, `[{owner}.\"{path}\"]`");
        Some((key.span(), message))
    })
}

/// A key of an entry behind the header of one of its steps, to which it belongs then.
fn below_steps(
    owner: &str,
    name: &str,
    table: &DeTable<'_>,
    sources: &Sources,
) -> Option<(Range<usize>, String)> {
    LISTS.iter().find_map(|list| {
        let steps = table.get(*list)?.get_ref().as_array()?;
        let mut steps = steps
            .iter()
            .filter(|step| sources.text(&step.span()).starts_with("[["));
        let (key, _) = steps.find_map(misplaced)?;
        let message = format!(
            "`[[{owner}.{name}.{list}]]` is above: `{}` would belong to the step",
            key.get_ref()
        );
        Some((key.span(), message))
    })
}

/// The first key of a step that no step has.
fn misplaced<'a>(step: &'a Spanned<DeValue<'a>>) -> Option<super::value::Entry<'a>> {
    let keys = in_order(step.get_ref().as_table()?).into_iter();
    let mut keys = keys.filter(|(key, _)| NOT_OF_STEPS.contains(&&**key.get_ref()));
    keys.next()
}
