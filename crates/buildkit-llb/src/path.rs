//! Slash-separated paths as BuildKit's client rewrites them: Go's package `path`, and the rules of file actions.

use std::borrow::Cow;

/// The shortest path that means the same as `path`, by text alone; `.` for an empty one. Mirrors Go's `path.Clean`.
pub(crate) fn clean(path: &str) -> Cow<'_, str> {
    if is_clean(path) {
        return Cow::Borrowed(path);
    }
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Cow::Owned(match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    })
}

/// The parts joined by slashes, empty ones left out, and cleaned; empty if all are. Mirrors Go's `path.Join`.
pub(crate) fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    clean(&parts.join("/")).into_owned()
}

/// The absolute form of a path that a file action works on: cleaned, and below `dir` when relative.
pub(crate) fn absolute<'a>(dir: &str, path: &'a str) -> Cow<'a, str> {
    let cleaned = clean(path);
    if cleaned.starts_with('/') {
        cleaned
    } else {
        Cow::Owned(join(&["/", dir, &cleaned]))
    }
}

/// The same as [`absolute`], but a trailing `/` or `/.` stays, which says that the destination of a copy is a
/// directory.
pub(crate) fn absolute_destination<'a>(dir: &str, path: &'a str) -> Cow<'a, str> {
    let absolute = absolute(dir, path);
    if path.ends_with('/') && !absolute.ends_with('/') {
        // The usual case, `/dir/`, is the given text itself.
        if path.strip_suffix('/') == Some(&*absolute) {
            Cow::Borrowed(path)
        } else {
            Cow::Owned(format!("{absolute}/"))
        }
    } else if path.ends_with("/.") {
        Cow::Owned(if absolute == "/" {
            "/.".to_owned()
        } else {
            format!("{absolute}/.")
        })
    } else {
        absolute
    }
}

/// Whether the path is clean already; a cheap check, as most paths that programs write are.
fn is_clean(path: &str) -> bool {
    match path.strip_prefix('/') {
        Some("") => true,
        Some(rest) => rest.split('/').all(|part| !matches!(part, "" | "." | "..")),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_as_go_does() {
        for (given, expected) in [
            ("", "."),
            (".", "."),
            ("/", "/"),
            ("//", "/"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("a/..", "."),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("../../a", "../../a"),
            ("/a//b/./c/", "/a/b/c"),
            ("./rel", "rel"),
            ("/a/b", "/a/b"),
            ("/...", "/..."),
        ] {
            assert_eq!(clean(given), expected, "{given}");
        }
    }

    #[test]
    fn joins_as_go_does() {
        assert_eq!(join(&["", ""]), "");
        assert_eq!(join(&["/a/b", "../c/./d"]), "/a/c/d");
        assert_eq!(join(&["/", "", "x"]), "/x");
        assert_eq!(join(&["/a", ""]), "/a");
    }

    #[test]
    fn destinations_keep_what_marks_a_directory() {
        for (dir, given, expected) in [
            ("/base", "out", "/base/out"),
            ("/base", "out/", "/base/out/"),
            ("/base", "/d/.", "/d/."),
            ("/base", ".", "/base"),
            ("/base", "/", "/"),
            ("/base", "/.", "/."),
            ("/base", "", "/base"),
            ("/base", "./", "/base/"),
            ("/base", "/a//", "/a/"),
            ("rel", "x", "/rel/x"),
        ] {
            assert_eq!(absolute_destination(dir, given), expected, "{given}");
        }
    }
}
