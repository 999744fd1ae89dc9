//! The places of vertices in the user's own files, so that any client shows the lines of a step that fails.
//!
//! They are metadata of a vertex, like its name: no digest and no id depends on them. The rules:
//!
//! - A vertex of a step comes from the lines of `llbgen.toml` that declare the step. The artifacts of a program have
//!   none.
//! - A command also comes from the declared file that it is about: the first one that it names, as `step::main_file`
//!   finds it.
//! - A base image comes from the FROM line that names it, or from the `base` of `llbgen.toml`.
//! - The vertex that packs an artifact comes from the first line of the artifact in `llbgen.toml`.
//!
//! A graph has the text of each such file once, and only if it has at most [`MAX_INLINE_FILE`] bytes.

use std::collections::BTreeMap;

use buildkit_llb::{Range, SourceLocation, SourceMap};

use crate::{
    dockerfile::first_from_line,
    inputs::MAX_INLINE_FILE,
    path::ContextPath,
    place::{Place, StepPlace},
};

/// The largest number of lines of a file that is shown whole below an error. Of a longer one, only the first line is
/// shown.
const SHORT: usize = 10;

/// The files that vertices of one plan come from. The steps of an `llbgen.toml` share its text.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<String, Option<SourceMap>>);

/// The lines that declare a step, and those of the steps inside it.
#[derive(Debug, Clone)]
pub(crate) struct StepLocation {
    pub(crate) lines: SourceLocation,
    pub(crate) nested: Vec<StepLocation>,
}

impl Files {
    /// The lines that declare a step.
    pub(crate) fn step(&mut self, step: &StepPlace) -> Option<StepLocation> {
        Some(StepLocation {
            lines: self.place(&step.place)?,
            nested: step
                .nested
                .iter()
                .filter_map(|step| self.step(step))
                .collect(),
        })
    }

    /// The first line of a place.
    pub(crate) fn first_line(&mut self, place: &Place) -> Option<SourceLocation> {
        let first = Place {
            last_line: place.first_line,
            ..place.clone()
        };
        self.place(&first)
    }

    /// The FROM line of a Dockerfile.
    pub(crate) fn dockerfile(&mut self, path: &ContextPath, text: &str) -> Option<SourceLocation> {
        let line = first_from_line(path, text).ok()?.line;
        let file = self.file(path.as_str(), "Dockerfile", text)?;
        Some(lines(&file, line, line))
    }

    /// The lines of a place.
    pub(crate) fn place(&mut self, place: &Place) -> Option<SourceLocation> {
        let file = self.file(&place.file.name, "TOML", &place.file.text)?;
        Some(lines(&file, place.first_line, place.last_line))
    }

    fn file(&mut self, name: &str, language: &str, text: &str) -> Option<SourceMap> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let map = source_map(name, language, text.as_bytes());
        self.0.insert(name.to_owned(), map.clone());
        map
    }
}

/// The declared file that a command is about: all lines of a short one, else its first line.
pub(crate) fn declared_file(path: &ContextPath, text: &[u8]) -> Option<SourceLocation> {
    // Its language is not known.
    let file = source_map(path.as_str(), "", text)?;
    let count = String::from_utf8_lossy(text).lines().count().max(1);
    let last = if count <= SHORT { count } else { 1 };
    Some(lines(&file, 1, last))
}

fn source_map(name: &str, language: &str, text: &[u8]) -> Option<SourceMap> {
    let is_short = text.len() as u64 <= MAX_INLINE_FILE;
    is_short.then(|| SourceMap::new(name, language, text))
}

/// The lines from `first` to `last`, counted from 1.
fn lines(file: &SourceMap, first: usize, last: usize) -> SourceLocation {
    let line = |number| i32::try_from(number).unwrap_or(i32::MAX);
    file.location([Range::new((line(first), 0), (line(last), 0))])
}
