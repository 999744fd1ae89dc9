//! The paths of a step that has one or several.

use super::{StepContext, StepError, context::check_absolute};
use crate::{
    either::OneOrSeveral,
    template::{Text, TreeText, Variables},
};

/// The paths of a step that is written in Rust.
pub(super) fn unchecked<P: AsRef<str>>(
    paths: impl IntoIterator<Item = P>,
) -> OneOrSeveral<TreeText> {
    let paths = paths.into_iter();
    OneOrSeveral::Several(
        paths
            .map(|path| TreeText::unchecked(path.as_ref()))
            .collect(),
    )
}

/// The paths in a title.
pub(super) fn shown(paths: &OneOrSeveral<TreeText>) -> String {
    let paths: Vec<&str> = paths.iter().map(TreeText::as_str).collect();
    paths.join(" ")
}

/// The paths as texts.
pub(super) fn texts(paths: &OneOrSeveral<TreeText>) -> impl Iterator<Item = &dyn Text> {
    paths.iter().map(|path| path as &dyn Text)
}

/// The problem of a step without a path; `key` is its key in the step.
pub(super) fn problem(key: &str, paths: &OneOrSeveral<TreeText>) -> Option<String> {
    let is_empty = paths.iter().next().is_none();
    is_empty.then(|| format!("`{key}` names no path"))
}

/// The filled-in paths, each checked by `check`.
pub(super) fn filled(
    key: &str,
    paths: &OneOrSeveral<TreeText>,
    context: &StepContext<'_>,
    check: impl Fn(&str, &TreeText, &str) -> Result<(), StepError>,
) -> Result<Vec<String>, StepError> {
    let filled = paths.iter().map(|text| {
        let path = context.expand_path(key, text)?;
        check(key, text, &path)?;
        Ok(path)
    });
    filled.collect()
}

/// Refuses paths that are not absolute or that `check` refuses, if that is known without a tree.
pub(super) fn check(
    key: &str,
    paths: &OneOrSeveral<TreeText>,
    variables: &Variables,
    check: impl Fn(&str, &TreeText, &str) -> Result<(), StepError>,
) -> Result<(), StepError> {
    for text in paths.iter() {
        check_absolute(key, text, variables)?;
        if let Some(path) = text.without_environment(variables)? {
            check(key, text, &path)?;
        }
    }
    Ok(())
}

/// Any path will do.
#[expect(clippy::unnecessary_wraps, reason = "a check, as the others are")]
pub(super) fn any(_: &str, _: &TreeText, _: &str) -> Result<(), StepError> {
    Ok(())
}

/// Refuses the path of a directory in the place of a file.
pub(super) fn check_file(key: &str, text: &TreeText, path: &str) -> Result<(), StepError> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if matches!(name, "" | "." | "..") {
        return Err(StepError::Wrong {
            text: text.to_string(),
            reason: format!("`{key}`: `{path}` is the path of a directory"),
        });
    }
    Ok(())
}

/// Refuses to remove the root.
pub(super) fn check_removed(key: &str, text: &TreeText, path: &str) -> Result<(), StepError> {
    let is_root = path.split('/').all(|part| matches!(part, "" | "." | ".."));
    if is_root {
        return Err(StepError::Wrong {
            text: text.to_string(),
            reason: format!("`{key}`: `{path}` is the root of the tree; `/*` is all that is in it"),
        });
    }
    Ok(())
}
