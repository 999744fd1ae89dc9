//! The places of artifacts and steps in a file.

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{FileError, Mistake};
use crate::{excerpt::Excerpt, name::ArtifactName};

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
    pub(super) fn new(name: &str, text: &str) -> Self {
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
    /// An error about this place.
    pub(super) fn error(&self, mistake: Mistake) -> FileError {
        let line = self.file.text.split_inclusive('\n');
        let start = line.take(self.first_line - 1).map(str::len).sum::<usize>();
        self.file.error(start..self.file.text.len(), mistake)
    }

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

    fn of(file: &Arc<SourceFile>, span: &Range<usize>) -> Self {
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

/// The bytes of a file that declare an artifact.
pub(super) struct ArtifactTable {
    pub(super) name: ArtifactName,
    span: Range<usize>,
    /// The value of each key.
    keys: BTreeMap<String, Range<usize>>,
    /// The key `whiteouts`, without its value.
    pub(super) whiteouts: Option<Range<usize>>,
    steps: Vec<StepSpan>,
    last_steps: Vec<StepSpan>,
}

/// The bytes of a file that declare a step, and those of the steps inside it.
struct StepSpan {
    span: Range<usize>,
    nested: Vec<StepSpan>,
}

impl ArtifactTable {
    pub(super) fn places(&self, file: &Arc<SourceFile>) -> Places {
        let each = |spans: &[StepSpan]| spans.iter().map(|span| span.place(file)).collect();
        Places {
            artifact: Some(Place::of(file, &self.span)),
            keys: self
                .keys
                .iter()
                .map(|(key, span)| (key.clone(), Place::of(file, span)))
                .collect(),
            steps: each(&self.steps),
            last_steps: each(&self.last_steps),
        }
    }
}

impl StepSpan {
    fn place(&self, file: &Arc<SourceFile>) -> StepPlace {
        let nested = self.nested.iter().map(|span| span.place(file));
        StepPlace {
            place: Place::of(file, &self.span),
            nested: nested.collect(),
        }
    }
}

/// The artifacts in the order of the file.
pub(super) fn artifact_tables(root: &DeTable<'_>) -> Vec<ArtifactTable> {
    let artifacts = root
        .get("artifact")
        .and_then(|value| value.get_ref().as_table());
    let mut tables: Vec<ArtifactTable> = artifacts
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| {
            let table = value.get_ref().as_table()?;
            Some(ArtifactTable {
                name: name.get_ref().parse().ok()?,
                span: extent(value),
                keys: table
                    .iter()
                    .map(|(key, value)| (key.get_ref().to_string(), extent(value)))
                    .collect(),
                whiteouts: table.get_key_value("whiteouts").map(|(key, _)| key.span()),
                steps: steps(table, "steps"),
                last_steps: steps(table, "finally"),
            })
        })
        .collect();
    tables.sort_by_key(|table| table.span.start);
    tables
}

/// The places of the options of the whole catalog.
pub(super) fn option_places(root: &DeTable<'_>, file: &Arc<SourceFile>) -> BTreeMap<String, Place> {
    let options = root
        .get("options")
        .and_then(|value| value.get_ref().as_table());
    let place = |(name, value): (&Spanned<toml::de::DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let span = joined(name.span(), extent(value));
        (name.get_ref().to_string(), Place::of(file, &span))
    };
    options.into_iter().flatten().map(place).collect()
}

fn steps(table: &DeTable<'_>, key: &str) -> Vec<StepSpan> {
    let array = table.get(key).and_then(|value| value.get_ref().as_array());
    let elements = array.into_iter().flatten();
    let step = |value: &Spanned<DeValue<'_>>| {
        let table = value.get_ref().as_table();
        StepSpan {
            span: extent(value),
            nested: table.map(|table| steps(table, "steps")).unwrap_or_default(),
        }
    };
    elements.map(step).collect()
}

/// All bytes of a value. (The span of a table under a header is that of the header alone.)
fn extent(value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let own = value.span();
    match value.get_ref() {
        DeValue::Table(table) => table.iter().fold(own, |extent, (key, value)| {
            joined(joined(extent, key.span()), self::extent(value))
        }),
        DeValue::Array(array) => array
            .iter()
            .fold(own, |extent, value| joined(extent, self::extent(value))),
        _ => own,
    }
}

fn joined(one: Range<usize>, other: Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
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
