//! A place in a text file, as an error shows it: the line, and a caret below.

use std::{fmt, ops::Range};

/// A place in a text file: `  3 | kynd = "layer"` with carets below the word in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text.
    pub text: String,
    /// The number of characters with a caret, at least 1.
    pub width: usize,
}

impl Excerpt {
    /// The place of the bytes `span` of `text`; only the first line, if it goes over several.
    pub(crate) fn of(text: &str, span: Range<usize>) -> Self {
        let start = span.start.min(text.len());
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        let line_end = line_start + line.len();
        let meant = text.get(start..span.end.min(line_end)).unwrap_or_default();
        Self {
            line: line_number(text, start),
            column: before[line_start..].chars().count() + 1,
            text: line.to_owned(),
            width: meant.trim_end().chars().count().max(1),
        }
    }
}

/// The number of the line that the byte at `offset` is on, from 1.
fn line_number(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.matches('\n').count() + 1
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        // Tabs stay tabs, so that the caret stands where the terminal puts the text.
        let indent: String = self
            .text
            .chars()
            .take(self.column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        writeln!(f, "  {number} | {}", self.text)?;
        write!(
            f,
            "  {:width$} | {indent}{}",
            "",
            "^".repeat(self.width),
            width = number.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_line_with_a_caret_below() {
        let check = |text: &str, meant: &str, expected: &str| {
            let start = text.find(meant).unwrap();
            let excerpt = Excerpt::of(text, start..start + meant.len());
            let found = format!("{}:{}\n{excerpt}", excerpt.line, excerpt.column);
            assert_eq!(found, expected, "{text:?}");
        };
        check("ab = 1\ncd = 2\n", "cd", "2:1\n  2 | cd = 2\n    | ^^");
        check(
            "ä = [1,\n 2]",
            "[1,\n 2]",
            "1:5\n  1 | ä = [1,\n    |     ^^^",
        );
        check("\tx = 1", "x", "1:2\n  1 | \tx = 1\n    | \t^");
        check("", "", "1:1\n  1 | \n    | ^");
    }
}
