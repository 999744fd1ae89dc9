//! The keys of the old language, and how their texts were read.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The keys at the top that the old language did not have.
pub(super) const NEW: [&str; 7] = [
    "build-platform",
    "groups",
    "include",
    "options",
    "part",
    "template",
    "values",
];

/// The keys of artifacts that the old language did not have.
pub(super) const NEW_OF_ARTIFACTS: [&str; 4] = ["exclude", "inherits", "runs-on", "shell"];

/// The steps that `finally` does not take: they would overrule the artifacts on top.
pub(super) const NOT_LAST: [&str; 4] = ["cmd", "entrypoint", "user", "workdir"];

/// A text, as the old language read it and as today's does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Placeholders counted, and do.
    Template,
    /// Placeholders count, which they did not.
    Plain,
    /// Placeholders counted, and `$` does now, too.
    TreeTemplate,
    /// Placeholders and `$` count, which they did not.
    TreePlain,
    /// A command: `{NAME}` of a variable is refused.
    Script,
    /// The name of an artifact or an image, which needs a tag.
    Reference,
}

/// The class of the texts of an artifact's key.
pub(super) fn of_artifact(key: &str) -> Option<Class> {
    match key {
        "file-tags" | "output" | "platform-tags" | "release-tags" | "repository" | "tags" => {
            Some(Class::Template)
        }
        "description" => Some(Class::Plain),
        "base" => Some(Class::Reference),
        _ => None,
    }
}

/// The class of the texts of a step's key. `has_tree`: whether the step copies from another tree.
pub(super) fn of_step(key: &str, is_list: bool, has_tree: bool) -> Option<Class> {
    match key {
        "copy" if has_tree => Some(Class::TreeTemplate),
        "checksum" | "copy" | "download" | "files" | "git" | "script" => Some(Class::Template),
        "env" | "label" | "to" => Some(Class::TreeTemplate),
        "apt" | "cmd" | "entrypoint" => Some(Class::Plain),
        "healthcheck" if is_list => Some(Class::Plain),
        "healthcheck" | "run" => Some(Class::Script),
        "cache" | "expose" | "stop-signal" | "user" | "volume" | "workdir" => {
            Some(Class::TreePlain)
        }
        "from" | "tar" => Some(Class::Reference),
        _ => None,
    }
}

/// The artifacts of a file.
pub(super) fn artifacts<'a, 'b>(
    root: &'a DeTable<'b>,
) -> impl Iterator<Item = (&'a str, &'a DeTable<'b>)> {
    table(root, "artifact")
        .into_iter()
        .flatten()
        .filter_map(|(name, artifact)| match artifact.get_ref() {
            DeValue::Table(artifact) => Some((name.get_ref().as_ref(), artifact)),
            _ => None,
        })
}

/// The table at a key.
pub(super) fn table<'a, 'b>(of: &'a DeTable<'b>, key: &str) -> Option<&'a DeTable<'b>> {
    match of.get(key).map(Spanned::get_ref) {
        Some(DeValue::Table(table)) => Some(table),
        _ => None,
    }
}
