//! Paths as bytes: relative, with `/` between names, without `.` and `..`.

/// Go's `path/filepath.Clean`.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            ".." if rooted => {}
            _ => names.push(name),
        }
    }
    match (rooted, names.is_empty()) {
        (true, _) => format!("/{}", names.join("/")),
        (false, true) => ".".into(),
        (false, false) => names.join("/"),
    }
}

/// Go's `path/filepath.Join`: the cleaned path of both, leaving out empty ones.
pub(super) fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", "") => String::new(),
        ("", path) | (path, "") => clean(path),
        _ => clean(&format!("{first}/{second}")),
    }
}

/// The path of `name` in `dir`; the root's is empty.
pub(super) fn below(dir: &[u8], name: &[u8]) -> Vec<u8> {
    if dir.is_empty() {
        name.to_vec()
    } else {
        [dir, b"/", name].concat()
    }
}

/// Whether `path` is `dir` or lies in it.
pub(super) fn is_or_is_below(path: &[u8], dir: &[u8]) -> bool {
    path.strip_prefix(dir)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The directories above `path`, from the top.
pub(super) fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
        .map(|(at, _)| &path[..at])
}

/// The path as Go's regular expressions see it: every byte that is not UTF-8 is one replacement character.
pub(super) fn to_text(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_clean(path: &str, expected: &str) {
        assert_eq!(clean(path), expected, "{path}");
    }

    #[test]
    fn cleans_as_go_does() {
        check_clean("", ".");
        check_clean("a//b/./c/", "a/b/c");
        check_clean("a/../b", "b");
        check_clean("a/../../b", "../b");
        check_clean("../../a", "../../a");
        check_clean("/../a", "/a");
        check_clean("/", "/");
        check_clean("a/..", ".");
    }

    #[test]
    fn joins_as_go_does() {
        assert_eq!(join("a", "../b"), "b");
        assert_eq!(join("/", "../b"), "/b");
        assert_eq!(join(".", "/a/b"), "a/b");
        assert_eq!(join("a", ""), "a");
        assert_eq!(join("", ""), "");
    }

    #[test]
    fn knows_what_lies_below() {
        assert!(is_or_is_below(b"a/b", b"a"));
        assert!(is_or_is_below(b"a", b"a"));
        assert!(!is_or_is_below(b"ab", b"a"));
        let parents: Vec<_> = parents(b"a/b/c").collect();
        assert_eq!(parents, [b"a".as_slice(), b"a/b"]);
    }
}
