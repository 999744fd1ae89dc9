//! The places of artifacts, steps and options in a catalog file.

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};

use crate::excerpt::Excerpt;

/// A catalog file, as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The offsets of its lines, counted once, since every value of a file has a place.
    line_starts: Vec<usize>,
}

impl SourceFile {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            line_starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The number of the line that the byte at `offset` is on, from 1.
    fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }
}

/// The lines of a file that declare something. They are not part of it: equal artifacts in two places have the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The first line, from 1.
    pub first_line: usize,
    /// The last line.
    pub last_line: usize,
    /// The bytes of the file's text.
    pub(crate) span: Range<usize>,
}

/// In the form that editors and terminals understand: `llbgen.toml:12`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.name, self.first_line)
    }
}

impl Place {
    /// Its first line, as an error shows it.
    pub(crate) fn excerpt(&self) -> Excerpt {
        Excerpt::of(&self.file.text, self.span.clone())
    }

    /// The place of the first of `texts` that is in it. All of it if none is, as a file may spell the text in another
    /// way.
    pub(crate) fn of_text(&self, texts: &[String]) -> Self {
        let all = self.file.text.get(self.span.clone()).unwrap_or_default();
        let found = texts.iter().find_map(|text| {
            let start = self.span.start + all.find(text.as_str())?;
            Some(start..start + text.len())
        });
        match found {
            Some(span) if !span.is_empty() => Self::of(&self.file, &span),
            _ => self.clone(),
        }
    }

    /// The place of the bytes `span`.
    pub(crate) fn of(file: &Arc<SourceFile>, span: &Range<usize>) -> Self {
        Self {
            file: Arc::clone(file),
            first_line: file.line(span.start),
            last_line: file.line(span.end),
            span: span.clone(),
        }
    }
}

/// The places of an artifact and of its steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    pub(crate) artifact: Option<Place>,
    /// The place of the value of each key.
    pub(crate) keys: BTreeMap<String, Place>,
    pub(crate) steps: Vec<StepPlace>,
    pub(crate) last_steps: Vec<StepPlace>,
}

/// The place of a step, and of the steps inside it.
#[derive(Debug, Clone)]
pub(crate) struct StepPlace {
    pub(crate) place: Place,
    pub(crate) nested: Vec<StepPlace>,
}

impl StepPlace {
    /// The place of a step inside it: `nested` is the index of a step in it, then that of a step in that one, and so on.
    pub(crate) fn within(&self, nested: &[usize]) -> Option<&Place> {
        let mut step = self;
        for index in nested {
            step = step.nested.get(*index)?;
        }
        Some(&step.place)
    }
}

/// The use of a part, in the form of an error: `in part s6, used by controller (llbgen.toml:31)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartUse {
    /// The part.
    pub part: String,
    /// What uses it: an artifact, or another part.
    pub user: String,
    /// The place of the step that uses it, if a file declares it.
    pub place: Option<Place>,
}

impl fmt::Display for PartUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in part {}, used by {}", self.part, self.user)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SourceFile;

    proptest! {
        #[test]
        fn lines_are_counted_from_the_first(text in "[ab\n]{0,60}", offset in 0_usize..60) {
            let offset = offset.min(text.len());
            let before = text[..offset].matches('\n').count();
            prop_assert_eq!(SourceFile::new("f", &text).line(offset), before + 1);
        }
    }
}
