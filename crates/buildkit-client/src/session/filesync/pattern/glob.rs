//! The syntax check of Go's `path/filepath.Match`.

use std::iter::Peekable;
use std::str::Chars;

/// Whether Go's `filepath.Match` accepts the pattern.
pub(super) fn is_valid(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        let valid = match char {
            '\\' => chars.next().is_some(),
            '[' => class(&mut chars).is_some(),
            _ => true,
        };
        if !valid {
            return false;
        }
    }
    true
}

/// The rest of a class: an optional `^`, and at least one range before the `]`.
fn class(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    chars.next_if_eq(&'^');
    let mut ranges = 0;
    while ranges == 0 || chars.next_if_eq(&']').is_none() {
        bound(chars)?;
        if chars.next_if_eq(&'-').is_some() {
            bound(chars)?;
        }
        ranges += 1;
    }
    Some(())
}

/// One end of a range. The pattern must go on behind it.
fn bound(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    match chars.next()? {
        '-' | ']' => return None,
        '\\' => {
            chars.next()?;
        }
        _ => {}
    }
    chars.peek().map(|_| ())
}
