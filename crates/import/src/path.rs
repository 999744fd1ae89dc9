//! Paths, without a file system.

use crate::text::{Bit, Text};

/// `path` below `directory`, without `.` and `..`; `None` if it leaves the root of both. The root is empty.
pub(crate) fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A path in the build context, where `..` ends at the root.
pub(crate) fn in_context(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// An absolute path without `.`, `..` and doubled slashes; a slash at its end stays.
pub(crate) fn absolute(path: &str) -> String {
    let is_directory = path.ends_with('/') || path.ends_with("/.");
    let clean = in_context(path);
    match (clean.is_empty(), is_directory) {
        (true, _) => "/".to_owned(),
        (false, true) => format!("/{clean}/"),
        (false, false) => format!("/{clean}"),
    }
}

/// `path` in a tree, below `workdir` if it is relative. What it begins with decides; of a variable, its default.
pub(crate) fn in_tree(path: &Text, workdir: &Text, at_defaults: Option<&str>) -> Text {
    let is_absolute = match (path.literal_start(), at_defaults) {
        (Some(start), _) => start.starts_with('/'),
        (None, Some(value)) => value.starts_with('/'),
        // A variable of the tree at the beginning of a path is a directory by all custom.
        (None, None) => matches!(path.bits().first(), Some(Bit::Tree { .. })),
    };
    if is_absolute {
        return match path.as_literal() {
            Some(literal) => Text::literal(absolute(&literal)),
            None => path.clone(),
        };
    }
    let relative = path.without_start("./");
    let is_here = relative.is_empty() || relative.as_literal().as_deref() == Some(".");
    let relative = if is_here { Text::default() } else { relative };
    let slash = if workdir.ends_with('/') { "" } else { "/" };
    let joined = workdir.clone().and(&Text::literal(slash)).and(&relative);
    match joined.as_literal() {
        Some(literal) => Text::literal(absolute(&literal)),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_cleaned() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("", ".").as_deref(), Some(""));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(in_context("/../a/b/"), "a/b");
        assert_eq!(absolute("/a//b/../c/"), "/a/c/");
        assert_eq!(absolute("/"), "/");
    }

    #[test]
    fn relative_paths_are_below_the_workdir() {
        let check = |path: &str, workdir: &str, expected: &str| {
            let joined = in_tree(&Text::literal(path), &Text::literal(workdir), None);
            assert_eq!(joined.tree_text(), expected, "{path} in {workdir}");
        };
        check(".", "/app", "/app/");
        check("./", "/app", "/app/");
        check("", "/app", "/app/");
        check("a/b", "/app", "/app/a/b");
        check("./a/", "/", "/a/");
        check("../x", "/app", "/x");
        check("/x/", "/app", "/x/");
        let home = Text::catalog("home");
        let joined = in_tree(&home, &Text::literal("/w"), Some("/home/me"));
        assert_eq!(joined.tree_text(), "{home}");
        let joined = in_tree(&home, &Text::literal("/w"), Some("me"));
        assert_eq!(joined.tree_text(), "/w/{home}");
    }
}
