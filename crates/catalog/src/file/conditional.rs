//! Conditions on a single step: `{ run = "…", when = { … } }` is read as a group of that step.

use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

/// The keys of a condition.
const CONDITIONS: [&str; 2] = ["when", "unless"];

/// The lists of steps of an artifact, template or part.
const LISTS: [&str; 2] = ["steps", "finally"];

/// Rewrites the steps of the whole catalog.
pub(super) fn rewrite(root: &mut DeTable<'_>) {
    for declared in ["artifact", "template", "part"] {
        let Some(DeValue::Table(all)) = root.get_mut(declared).map(Spanned::get_mut) else {
            continue;
        };
        for (_, table) in all.iter_mut() {
            if let DeValue::Table(table) = table.get_mut() {
                for key in LISTS {
                    rewrite_list(table, key);
                }
            }
        }
    }
}

fn rewrite_list(table: &mut DeTable<'_>, key: &str) {
    let Some(DeValue::Array(steps)) = table.get_mut(key).map(Spanned::get_mut) else {
        return;
    };
    for step in steps.iter_mut() {
        let span = step.span();
        let DeValue::Table(table) = step.get_mut() else {
            continue;
        };
        rewrite_list(table, "steps");
        if table.contains_key("steps") {
            continue;
        }
        let mut group = DeTable::new();
        for key in CONDITIONS {
            if let Some((key, condition)) = table.remove_entry(key) {
                group.insert(key, condition);
            }
        }
        if group.is_empty() {
            continue;
        }
        let mut steps = DeArray::new();
        steps.push(Spanned::new(
            span.clone(),
            DeValue::Table(std::mem::take(table)),
        ));
        let key = Spanned::new(span.clone(), DeString::Borrowed("steps"));
        group.insert(key, Spanned::new(span, DeValue::Array(steps)));
        *table = group;
    }
}
