//! Changes of a text, at their places.

use std::{collections::BTreeMap, ops::Range};

/// The changes, by the bytes that they replace.
#[derive(Debug, Default)]
pub(super) struct Edits(BTreeMap<usize, (usize, String)>);

impl Edits {
    /// Replaces the bytes of `span`.
    pub(super) fn replace(&mut self, span: &Range<usize>, with: String) {
        self.0.insert(span.start, (span.end, with));
    }

    /// The text with all changes.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        let mut at = 0;
        for (start, (end, with)) in &self.0 {
            whole.push_str(&text[at..*start]);
            whole.push_str(with);
            at = *end;
        }
        whole + &text[at..]
    }
}

/// The number of the line with the byte at `offset`, from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

/// The whole line with the byte at `offset`, with its end.
pub(super) fn whole_line(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at + 1);
    start..end
}
