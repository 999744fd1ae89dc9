//! The files of a catalog as one text, so that a place in any of them is one range of bytes.

use std::{ops::Range, sync::Arc};

use super::{FileError, Mistake};
use crate::{
    excerpt::Excerpt,
    place::{Place, SourceFile},
};

/// The files, each with the offset of its first byte.
pub(super) struct Sources(Vec<(usize, Arc<SourceFile>)>);

impl Sources {
    /// Files by their names and texts; the first one begins at 0.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let mut start = 0;
        let files = files.iter().map(|(name, text)| {
            let file = (start, Arc::new(SourceFile::new(name, text)));
            // A byte between two files belongs to the first.
            start += text.len() + 1;
            file
        });
        Self(files.collect())
    }

    /// The text of each file behind as many blanks as there are bytes before it, so that a parser of it counts on.
    pub(super) fn padded(&self) -> Vec<String> {
        let files = self.0.iter();
        let padded = files.map(|(start, file)| format!("{}{}", " ".repeat(*start), file.text));
        padded.collect()
    }

    /// The name of a file.
    pub(super) fn name(&self, index: usize) -> &str {
        &self.0[index].1.name
    }

    /// The names of all files, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(|(_, file)| file.name.clone()).collect()
    }

    fn of(&self, span: &Range<usize>) -> (&Arc<SourceFile>, Range<usize>) {
        let after = self.0.partition_point(|(start, _)| *start <= span.start);
        let (start, file) = &self.0[after.saturating_sub(1)];
        let local = |at: usize| at.saturating_sub(*start).min(file.text.len());
        (file, local(span.start)..local(span.end))
    }

    /// The text of these bytes.
    pub(super) fn text(&self, span: &Range<usize>) -> &str {
        let (file, span) = self.of(span);
        file.text.get(span).unwrap_or_default()
    }

    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let (file, span) = self.of(span);
        Place::of(file, &span)
    }

    /// An error about these bytes.
    pub(super) fn error(&self, span: Range<usize>, mistake: impl Into<Box<Mistake>>) -> FileError {
        let (file, span) = self.of(&span);
        FileError {
            file: file.name.clone(),
            excerpt: Excerpt::of(&file.text, span),
            mistake: mistake.into(),
        }
    }
}
