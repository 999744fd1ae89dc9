//! Patterns for one name, as Go's `filepath.Match` has them, which COPY uses: `*`, `?`, `[…]` and `\`.

/// Whether the name of a file matches a pattern for one.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
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

/// Whether a pattern can be read: its classes are closed, and something follows each `\`.
pub(crate) fn is_readable(pattern: &[u8]) -> bool {
    match pattern.split_first() {
        None => true,
        Some((b'\\', rest)) => !rest.is_empty() && is_readable(&rest[1..]),
        Some((b'[', rest)) => behind_class(rest).is_some_and(is_readable),
        Some((_, rest)) => is_readable(rest),
    }
}

/// The rest of the pattern behind a class.
fn behind_class(pattern: &[u8]) -> Option<&[u8]> {
    let mut rest = pattern.strip_prefix(b"^").unwrap_or(pattern);
    loop {
        let (_, after) = bound(rest)?;
        rest = match after {
            [b'-', after @ ..] => bound(after)?.1,
            after => after,
        };
        if let [b']', after @ ..] = rest {
            return Some(after);
        }
    }
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

    #[test]
    fn a_pattern_that_cannot_be_read_is_known() {
        let check = |pattern: &str, expected: bool| {
            assert_eq!(is_readable(pattern.as_bytes()), expected, "{pattern}");
        };
        check("a*?", true);
        check("[a-c]x[^d]", true);
        check(r"[\]a]\*", true);
        check("[a", false);
        check("[]", false);
        check("[a-]", false);
        check(r"a\", false);
    }
}
