//! Source locations of vertices: source files, and ranges in them.

use std::sync::Arc;

use crate::state::State;

/// A source file that vertices come from. A clone is cheap and stands for the same file.
///
/// Files with equal name, language and content are one file in a definition.
///
/// ```
/// use buildkit_llb::{Constraints, Exec, Image, Platform, Range, SourceMap};
///
/// let file = SourceMap::new("build.toml", "TOML", *b"base = \"alpine\"\nrun = \"make\"\n");
/// let line = |line| file.location([Range::new((line, 0), (line, 0))]);
/// let base = Image::new("alpine".parse()?).location(line(1)).state();
/// let built = base.run(Exec::new(["make"]).location(line(2)));
///
/// // An error of the daemon in `make` shows line 2 of build.toml.
/// let definition = built.marshal(&Constraints::new(Platform::new("linux", "amd64")))?;
/// assert_eq!(definition.source_files()[0].filename(), "build.toml");
/// let make = definition.vertices().last().unwrap();
/// assert_eq!(make.locations()[0].ranges()[0].start.line, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SourceMap(Arc<SourceFile>);

#[derive(Debug)]
struct SourceFile {
    filename: String,
    language: String,
    data: Box<[u8]>,
    state: Option<State>,
}

/// Ranges of a source file that a vertex comes from.
#[derive(Debug, Clone)]
pub struct SourceLocation {
    pub(crate) map: SourceMap,
    pub(crate) ranges: Box<[Range]>,
}

/// A range of a source file. Lines count from 1 and characters from 0, as in BuildKit's Dockerfile frontend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The start.
    pub start: Position,
    /// The end.
    pub end: Position,
}

/// A place in a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: i32,
    /// The character in the line, from 0.
    pub character: i32,
}

impl SourceMap {
    /// A source file by its name, its language (as GitHub's linguist names it) and its content.
    pub fn new(
        filename: impl Into<String>,
        language: impl Into<String>,
        data: impl Into<Box<[u8]>>,
    ) -> Self {
        let (filename, language, data) = (filename.into(), language.into(), data.into());
        Self(Arc::new(SourceFile {
            filename,
            language,
            data,
            state: None,
        }))
    }

    /// The same file with the state that it was read from, which is put into the definition beside it.
    pub fn with_state(&self, state: State) -> Self {
        let (filename, language, data) = (
            self.0.filename.clone(),
            self.0.language.clone(),
            self.0.data.clone(),
        );
        Self(Arc::new(SourceFile {
            filename,
            language,
            data,
            state: Some(state),
        }))
    }

    /// A location in this file.
    pub fn location(&self, ranges: impl Into<Box<[Range]>>) -> SourceLocation {
        SourceLocation {
            map: self.clone(),
            ranges: ranges.into(),
        }
    }

    /// The file's name.
    pub fn filename(&self) -> &str {
        &self.0.filename
    }

    /// The file's language.
    pub fn language(&self) -> &str {
        &self.0.language
    }

    /// The file's content.
    pub fn data(&self) -> &[u8] {
        &self.0.data
    }

    pub(crate) fn state(&self) -> Option<&State> {
        self.0.state.as_ref()
    }

    /// Whether both are the same file.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (&*self.0, &*other.0);
        Arc::ptr_eq(&self.0, &other.0)
            || (one.filename == two.filename
                && one.language == two.language
                && one.data == two.data)
    }
}

impl Range {
    /// The range from `start` to `end`, each as line and character.
    pub fn new(start: (i32, i32), end: (i32, i32)) -> Self {
        let position = |(line, character)| Position { line, character };
        Self {
            start: position(start),
            end: position(end),
        }
    }
}
