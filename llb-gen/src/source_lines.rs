//! The lines of a user's own file that a step comes from, as they stand below the error of the step.

use std::fmt;

use buildkit_client::FailureSource;

use crate::{failure::RED, terminal::quoted};

/// The number of lines around the meant ones that tell where they are in the file.
const AROUND: usize = 2;

/// The most meant lines that are shown: the first lines of a longer step, such as a script in `llbgen.toml`, tell which
/// it is.
const MOST: usize = 10;

/// The lines of a file around a place in it:
///
/// ```text
/// llbgen.toml:5
///     4 | steps = [
/// >>> 5 |   { run = "./install.sh" },
///     6 | ]
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    file: String,
    /// The first line that is shown, from 1.
    start: usize,
    shown: Vec<String>,
    /// The meant lines, from 1.
    meant: (usize, usize),
    /// The number of meant lines that are left out.
    left_out: usize,
}

impl Lines {
    /// The lines around the first place of a source; `None` when its file has no such line.
    pub(crate) fn of(source: &FailureSource) -> Option<Self> {
        let range = source.ranges.first()?;
        let text = String::from_utf8_lossy(&source.data);
        let lines: Vec<&str> = text.lines().collect();
        let first = usize::try_from(range.start.line).ok()?;
        if first == 0 || first > lines.len() {
            return None;
        }
        let end = usize::try_from(range.end.line).ok()?;
        let last = end.clamp(first, lines.len());
        let left_out = (last + 1 - first).saturating_sub(MOST);
        let start = first.saturating_sub(AROUND).max(1);
        // The gap lies between the shown lines and those that come after.
        let until = if left_out > 0 {
            last - left_out
        } else {
            (last + AROUND).min(lines.len())
        };
        Some(Self {
            file: quoted(&source.filename),
            start,
            shown: lines[start - 1..until]
                .iter()
                .map(|line| quoted(line))
                .collect(),
            meant: (first, last),
            left_out,
        })
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.meant;
        write!(f, "{}:{first}", self.file)?;
        let width = (self.start + self.shown.len()).to_string().len();
        for (number, line) in (self.start..).zip(&self.shown) {
            let mark = if (first..=last).contains(&number) {
                format!("{RED}>>>{RED:#}")
            } else {
                "   ".to_owned()
            };
            let line = format!("{mark} {number:width$} | {line}");
            write!(f, "\n{}", line.trim_end())?;
        }
        if self.left_out > 0 {
            write!(f, "\n    {:width$} | and {} more", "", self.left_out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use buildkit_client::{SourcePosition, SourceRange};

    use super::*;

    fn source(text: &str, range: (i32, i32)) -> FailureSource {
        let position = |line| SourcePosition { line, character: 0 };
        FailureSource {
            filename: "f".to_owned(),
            data: text.as_bytes().to_vec(),
            ranges: vec![SourceRange {
                start: position(range.0),
                end: position(range.1),
            }],
        }
    }

    #[test]
    fn lines_are_marked_among_those_around_them() {
        let check = |text: &str, range: (i32, i32), expected: &[&str]| {
            let shown = Lines::of(&source(text, range)).map(|lines| lines.to_string());
            let shown = shown.map(|text| anstream::adapter::strip_str(&text).to_string());
            let expected = (!expected.is_empty()).then(|| expected.join("\n"));
            assert_eq!(shown, expected, "{text:?} {range:?}");
        };
        check("a\n", (1, 1), &["f:1", ">>> 1 | a"]);
        check(
            "a\r\n\nc\nd\ne\nf\n",
            (3, 3),
            &[
                "f:3",
                "    1 | a",
                "    2 |",
                ">>> 3 | c",
                "    4 | d",
                "    5 | e",
            ],
        );
        check("a\nb", (1, 9), &["f:1", ">>> 1 | a", ">>> 2 | b"]);
        check("a\nb", (2, 1), &["f:2", "    1 | a", ">>> 2 | b"]);
        check("a\n", (0, 0), &[]);
        check("a\n", (2, 2), &[]);
        check("", (1, 1), &[]);
        let long = (1..=20).fold(String::new(), |text, n| format!("{text}{n}\n"));
        let shown = Lines::of(&source(&long, (3, 15))).unwrap();
        assert_eq!((shown.start, shown.shown.len(), shown.left_out), (1, 12, 3));
        assert!(shown.to_string().ends_with("\n       | and 3 more"));
    }
}
