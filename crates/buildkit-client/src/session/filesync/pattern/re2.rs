//! From the regular expressions of Go (RE2 with Perl's classes) to those of the `regex` crate.
//!
//! The two differ where path patterns can reach: inside brackets `[`, `&&`, `--` and `~~` mean something in Rust only,
//! `\d` and the like are ASCII in Go only, and an escaped `<` is a word boundary in Rust only.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// The same expression for the `regex` crate; `None` if Go would refuse it.
pub(super) fn to_rust(go: &str) -> Option<String> {
    let mut rust = String::new();
    let mut chars = go.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match escape(chars.next()?)? {
                Escape::Literal(literal) => push_literal(&mut rust, literal),
                Escape::Class(class) => write!(rust, "[{class}]").ok()?,
            },
            '[' => class(&mut chars, &mut rust)?,
            ']' => push_literal(&mut rust, ']'),
            _ => rust.push(char),
        }
    }
    Some(rust)
}

enum Escape {
    Literal(char),
    Class(&'static str),
}

fn escape(char: char) -> Option<Escape> {
    Some(match char {
        'd' => Escape::Class("0-9"),
        'D' => Escape::Class("^0-9"),
        's' => Escape::Class(r"\t\n\f\r "),
        'S' => Escape::Class(r"^\t\n\f\r "),
        'w' => Escape::Class("0-9A-Za-z_"),
        'W' => Escape::Class("^0-9A-Za-z_"),
        'a' => Escape::Literal('\u{7}'),
        'f' => Escape::Literal('\u{c}'),
        'n' => Escape::Literal('\n'),
        'r' => Escape::Literal('\r'),
        't' => Escape::Literal('\t'),
        'v' => Escape::Literal('\u{b}'),
        _ if char.is_ascii_punctuation() => Escape::Literal(char),
        // The others (`\b`, `\pL`, `\x41`, `\Q`) have no use in a path pattern.
        _ => return None,
    })
}

fn push_literal(rust: &mut String, literal: char) {
    // Writing to a string cannot fail.
    let _written = write!(rust, "\\x{{{:x}}}", u32::from(literal));
}

/// The rest of a class, up to its `]`. A `]` at the start is one of its members.
fn class(chars: &mut Peekable<Chars<'_>>, rust: &mut String) -> Option<()> {
    rust.push('[');
    if chars.next_if_eq(&'^').is_some() {
        rust.push('^');
    }
    let mut first = true;
    while first || chars.next_if_eq(&']').is_none() {
        first = false;
        member(chars, rust)?;
    }
    rust.push(']');
    Some(())
}

fn member(chars: &mut Peekable<Chars<'_>>, rust: &mut String) -> Option<()> {
    let low = match one(chars)? {
        Escape::Literal(low) => low,
        Escape::Class(class) => {
            write!(rust, "[{class}]").ok()?;
            return Some(());
        }
    };
    let mut ahead = chars.clone();
    let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
    push_literal(rust, low);
    if is_range {
        chars.next();
        let Escape::Literal(high) = one(chars)? else {
            return None;
        };
        if high < low {
            return None;
        }
        rust.push('-');
        push_literal(rust, high);
    }
    Some(())
}

fn one(chars: &mut Peekable<Chars<'_>>) -> Option<Escape> {
    match chars.next()? {
        '\\' => escape(chars.next()?),
        char => Some(Escape::Literal(char)),
    }
}
