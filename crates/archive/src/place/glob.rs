//! Patterns in the paths that are copied from a tree, as Go's `filepath.Match` has them, which COPY uses: `*`, `?`,
//! `[…]` and `\` within one part of a path.

use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;

use super::root::{Last, Place, Root, join, parts};
use crate::walk::sorted_names;

/// Whether a part of a path has a pattern's special character.
fn is_pattern(part: &[u8]) -> bool {
    part.iter().any(|byte| b"*?[\\".contains(byte))
}

/// The paths in `root` that match `path`, sorted. A path without a pattern matches itself, whether it exists or not.
pub(super) fn expand(root: &Root, path: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut found = vec![Vec::new()];
    for part in parts(path) {
        if !is_pattern(part) {
            for path in &mut found {
                *path = join(path, part);
            }
            continue;
        }
        let mut matched = Vec::new();
        for path in &found {
            let place = resolve(root, path, Last::Follow)?.filter(Place::is_directory);
            let Some(place) = place else {
                continue;
            };
            let directory = root.open_directory(&place)?;
            for name in sorted_names(directory.as_fd())? {
                if matches(part, name.to_bytes()) {
                    matched.push(join(path, name.to_bytes()));
                }
            }
        }
        found = matched;
    }
    if parts(path).any(is_pattern) {
        // The path behind a pattern need not exist in every directory that the pattern matches.
        let mut there = Vec::new();
        for path in found {
            let place = resolve(root, &path, Last::Keep)?;
            if place.is_some_and(|place| place.stat.is_some()) {
                there.push(path);
            }
        }
        return Ok(there);
    }
    Ok(found)
}

/// The place that `path` leads to; `None` if it goes through a file, or through links without end.
fn resolve(root: &Root, path: &[u8], last: Last) -> io::Result<Option<Place>> {
    match root.resolve(path, last) {
        Err(error) if is_no_way(&error) => Ok(None),
        resolved => resolved.map(Some),
    }
}

fn is_no_way(error: &io::Error) -> bool {
    [Errno::NOTDIR, Errno::LOOP]
        .map(Errno::raw_os_error)
        .map(Some)
        .contains(&error.raw_os_error())
}

/// Whether `name` matches `pattern`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|taken| matches(rest, &name[taken..])),
        Some((b'?', rest)) => {
            let length = character(name);
            length > 0 && matches(rest, &name[length..])
        }
        Some((b'[', rest)) => match class(rest, name) {
            Some((rest, length)) => matches(rest, &name[length..]),
            None => false,
        },
        Some((b'\\', [byte, rest @ ..]) | (byte, rest)) => {
            name.first() == Some(byte) && matches(rest, &name[1..])
        }
    }
}

/// The length of the first character of `name`; one byte if it is not UTF-8.
fn character(name: &[u8]) -> usize {
    let chunk = name.utf8_chunks().next();
    let first = chunk.and_then(|chunk| chunk.valid().chars().next());
    first.map_or(usize::from(!name.is_empty()), char::len_utf8)
}

/// The rest of the pattern after a class, and the length of the first character of `name`, if that is in the class.
fn class<'a>(pattern: &'a [u8], name: &[u8]) -> Option<(&'a [u8], usize)> {
    let length = character(name);
    let wanted = name.get(..length).filter(|name| !name.is_empty())?;
    let (is_negated, mut rest) = match pattern {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut is_in = false;
    let mut is_first = true;
    loop {
        match rest {
            [b']', after @ ..] if !is_first => {
                return (is_in != is_negated).then_some((after, length));
            }
            _ => {}
        }
        is_first = false;
        let (low, after) = bound(rest)?;
        let (high, after) = match after {
            [b'-', after @ ..] => bound(after)?,
            after => (low, after),
        };
        is_in |= low <= wanted && wanted <= high;
        rest = after;
    }
}

/// A character of a class.
fn bound(pattern: &[u8]) -> Option<(&[u8], &[u8])> {
    if matches!(pattern.first(), None | Some(b'-' | b']')) {
        return None;
    }
    let pattern = pattern.strip_prefix(b"\\").unwrap_or(pattern);
    let length = character(pattern);
    (length > 0).then(|| pattern.split_at(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_match_as_gos_filepath_match_has_it() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let found = matches(pattern.as_bytes(), name.as_bytes());
            assert_eq!(found, expected, "{pattern} {name}");
        };
        check("abc", "abc", true);
        check("*", "", true);
        check("a*", "abc", true);
        check("a*c", "abd", false);
        check("a*b*c*d", "axbxcxd", true);
        check("a?c", "abc", true);
        check("a?c", "aüc", true);
        check("?", "", false);
        check("[a-c]x", "bx", true);
        check("[^a-c]x", "bx", false);
        check("[^a-c]", "d", true);
        check("[äö]", "ö", true);
        check("[a", "a", false);
        check("[]a]", "]", false);
        check(r"[\]a]", "]", true);
        check(r"[a\-z]", "-", true);
        check("[-]", "-", false);
        check(r"a\*", "a*", true);
        check(r"a\*", "ab", false);
    }
}
