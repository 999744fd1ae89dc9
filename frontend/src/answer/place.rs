//! Places in source files, as BuildKit's clients read them: `pb.Location` and `pb.SourceInfo` in Go's own JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use catalog::Place;
use serde::{Serialize, Serializer};

/// Lines of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    /// The file's place among the sources.
    source_index: i32,
    ranges: Vec<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Position {
    line: i32,
    character: i32,
}

/// The source files of an answer, each once.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: Vec<Source>,
    shown: Shown,
}

/// The files whose lines are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// All files.
    #[default]
    All,
    /// Only the file with this name, in any directory. buildx prints the lines of warnings under the name of the
    /// Dockerfile that it thinks is read, which is wrong for any other file.
    Only(String),
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Source {
    filename: String,
    #[serde(rename = "data", serialize_with = "in_base64")]
    text: String,
    language: &'static str,
}

impl Location {
    /// The place of a warning that has no file to show.
    pub(super) fn nowhere() -> Self {
        Self {
            source_index: -1,
            ranges: Vec::new(),
        }
    }
}

impl Sources {
    /// No sources yet.
    pub(super) fn new(shown: Shown) -> Self {
        let files = Vec::new();
        Self { files, shown }
    }

    /// The line where a declaration begins.
    pub(super) fn heading(&mut self, place: &Place) -> Location {
        let lines = (place.first_line, place.first_line);
        self.lines(&place.file.name, &place.file.text, "TOML", lines)
    }

    /// The lines that declare something.
    pub(super) fn declared(&mut self, place: &Place) -> Location {
        let lines = (place.first_line, place.last_line);
        self.lines(&place.file.name, &place.file.text, "TOML", lines)
    }

    /// A line of a Dockerfile.
    pub(super) fn dockerfile(&mut self, name: &str, text: &str, line: usize) -> Location {
        self.lines(name, text, "Dockerfile", (line, line))
    }

    /// A file without content to show.
    pub(super) fn unread(&mut self, name: &str) -> Location {
        Location {
            source_index: self.index(name, "", ""),
            ranges: Vec::new(),
        }
    }

    fn lines(
        &mut self,
        name: &str,
        text: &str,
        language: &'static str,
        (first, last): (usize, usize),
    ) -> Location {
        let range = Range {
            start: Position::at(first),
            end: Position::at(last),
        };
        let is_shown = self.shown.has(name);
        Location {
            source_index: self.index(name, text, language),
            ranges: Vec::from_iter(is_shown.then_some(range)),
        }
    }

    fn index(&mut self, name: &str, text: &str, language: &'static str) -> i32 {
        let source = Source {
            filename: name.to_owned(),
            text: text.to_owned(),
            language,
        };
        let known = self.files.iter().position(|known| *known == source);
        let index = known.unwrap_or_else(|| {
            self.files.push(source);
            self.files.len() - 1
        });
        i32::try_from(index).unwrap_or(i32::MAX)
    }

    /// The sources with their names.
    pub(super) fn into_infos(self) -> Vec<Source> {
        self.files
    }

    /// The bytes of the sources alone, in base64.
    pub(super) fn into_bytes(self) -> Vec<String> {
        let texts = self.files.into_iter();
        texts.map(|source| STANDARD.encode(source.text)).collect()
    }
}

impl Shown {
    fn has(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(name) => path.rsplit('/').next() == Some(name),
        }
    }
}

impl Position {
    fn at(line: usize) -> Self {
        Self {
            line: i32::try_from(line).unwrap_or(i32::MAX),
            character: 0,
        }
    }
}

fn in_base64<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(text))
}
