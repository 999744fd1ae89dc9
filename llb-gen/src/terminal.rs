//! Texts of catalogs, daemons, registries and steps on their way to a terminal, which would obey orders in them: move
//! its cursor, rename its window, turn lines round.

use std::borrow::Cow;

use crate::logins::blotted;

/// The longest line of an error: as long as the longest path of Linux. A daemon's own words may have megabytes.
const LONGEST_LINE: usize = 4096;

/// The longest error. Its beginning says the most.
const LONGEST_ERROR: usize = 64 << 10;

/// The longest part of a line that is quoted from a file or a server.
const LONGEST_QUOTE: usize = 200;

/// A text whose orders to a terminal are escaped; line ends and tabs stay.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(gives_orders) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if gives_orders(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// The same for an error or a step, without logins, and with lines that are no longer than a path can be.
pub(crate) fn told(text: &str) -> String {
    let lines = text.split('\n').map(|line| cut(line, LONGEST_LINE));
    let lines: Vec<Cow<'_, str>> = lines.collect();
    plain(&blotted(&cut(&lines.join("\n"), LONGEST_ERROR))).into_owned()
}

/// The part of a quoted line that tells which it is.
pub(crate) fn quoted(line: &str) -> String {
    plain(&cut(line, LONGEST_QUOTE)).into_owned()
}

/// A line of a step's output: colours stay, until its end, and all other orders to a terminal go.
pub(crate) fn coloured(line: &str) -> Cow<'_, str> {
    if !line.contains(gives_orders) {
        return Cow::Borrowed(line);
    }
    let (mut shown, mut rest, mut is_coloured) = (String::with_capacity(line.len()), line, false);
    while let Some(c) = rest.chars().next() {
        let sequence = match c {
            '\x1b' => escape_sequence(rest),
            c => &rest[..c.len_utf8()],
        };
        if is_colour(sequence) {
            is_coloured = true;
            shown.push_str(sequence);
        } else if !gives_orders(c) {
            shown.push(c);
        }
        rest = &rest[sequence.len()..];
    }
    if is_coloured {
        shown.push_str("\x1b[0m");
    }
    Cow::Owned(shown)
}

/// Whether it is a control character, or one that turns the order of a line round.
fn gives_orders(c: char) -> bool {
    let turns_round = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns_round || c.is_control() && !matches!(c, '\n' | '\t')
}

/// The escape sequence that `text` begins with (ECMA-48): to its final byte, or, of a string such as a window's title,
/// to its terminator; to the end of the text where that is missing.
fn escape_sequence(text: &str) -> &str {
    let Some(kind) = text[1..].chars().next() else {
        return text;
    };
    let body = 1 + kind.len_utf8();
    let end = match kind {
        '[' => text[body..]
            .find(|c| matches!(c, '\x40'..='\x7e'))
            .map(|at| body + at + 1),
        ']' | 'P' | 'X' | '^' | '_' => {
            let (bell, string) = (text[body..].find('\x07'), text[body..].find("\x1b\\"));
            let ends = [bell.map(|at| at + 1), string.map(|at| at + 2)];
            ends.into_iter().flatten().min().map(|at| body + at)
        }
        _ => Some(body),
    };
    &text[..end.unwrap_or(text.len())]
}

/// `ESC [`, digits with semicolons or colons between them, `m`.
fn is_colour(sequence: &str) -> bool {
    let parameters = sequence
        .strip_prefix("\x1b[")
        .and_then(|rest| rest.strip_suffix('m'));
    parameters.is_some_and(|text| {
        text.chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'))
    })
}

/// The beginning of a line that is longer than `most` characters, and the number of characters that were left out.
fn cut(line: &str, most: usize) -> Cow<'_, str> {
    match line.char_indices().nth(most) {
        None => Cow::Borrowed(line),
        Some((end, _)) => {
            let more = line[end..].chars().count();
            Cow::Owned(format!("{}… ({more} more characters)", &line[..end]))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orders_are_shown_and_not_followed() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected);
        check("a\tb\nc é", "a\tb\nc é");
        check("\x1b[2Jx\r\x07\u{9b}1m", "\\u{1b}[2Jx\\r\\u{7}\\u{9b}1m");
        check("a\u{202e}b", "a\\u{202e}b");
    }

    #[test]
    fn output_keeps_its_colours_and_nothing_else() {
        let check = |line: &str, expected: &str| assert_eq!(coloured(line), expected, "{line:?}");
        check("plain é\t", "plain é\t");
        check("\x1b[1;31mred\x1b[m", "\x1b[1;31mred\x1b[m\x1b[0m");
        check("\x1b[38:2::1:2:3mrgb", "\x1b[38:2::1:2:3mrgb\x1b[0m");
        check("\x1b[2J\x1b[1;1Hx\x1b[?25l\x1b[6n", "x");
        check("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab");
        check("\x1bPq\x1b\\a\x1bcb\x1b", "ab");
        check("a\x1b]52;c;aGk=", "a");
        check("a\x08\x7f\u{9b}31mb", "a31mb");
        check("\x1b[31é ma", "a");
    }

    #[test]
    fn long_lines_are_cut() {
        let long = "é".repeat(1_000_000);
        assert_eq!(
            quoted(&long),
            format!("{}… (999800 more characters)", "é".repeat(200))
        );
        assert_eq!(quoted(&"x".repeat(200)), "x".repeat(200));
        let error = told(&format!("a\n{long}\nb"));
        assert!(told(&"x\n".repeat(1 << 20)).len() < 70_000);
        assert!(error.len() < 9000 && error.starts_with("a\né") && error.ends_with("\nb"));
    }

    proptest! {
        /// For any text, in any pieces: no control characters but line ends and tabs, and no sequences but colours.
        #[test]
        fn no_order_gets_through(
            parts in prop::collection::vec(
                prop_oneof![
                    any::<String>(),
                    Just("\x1b".to_owned()),
                    Just("[".to_owned()),
                    Just("]".to_owned()),
                    Just("1;3".to_owned()),
                    Just("m".to_owned()),
                    Just("\x07".to_owned()),
                ],
                0..12,
            )
        ) {
            let text = parts.concat();
            prop_assert!(!plain(&text).contains(gives_orders));
            let shown = coloured(&text).into_owned();
            let mut rest = shown.as_str();
            while let Some(at) = rest.find(gives_orders) {
                let sequence = escape_sequence(&rest[at..]);
                prop_assert!(is_colour(sequence), "{shown:?}");
                rest = &rest[at + sequence.len()..];
            }
        }
    }
}
