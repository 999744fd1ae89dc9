//! `llbgen.toml`: the model as a file, for artifacts without Rust.
//!
//! The types of the model derive `Deserialize`. The file's own deserializer (`value`) reads spanned TOML into them, so
//! that every error has a line and column. `merge` puts the artifacts of a file beside those of a program.

mod artifact;
mod error;
mod kind;
mod merge;
mod schema;
mod tables;
mod value;
mod wrong;

use std::sync::Arc;

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use self::{artifact::FileTable, value::Value};
pub use self::{
    error::{FileError, Mistake},
    schema::schema,
};
use crate::{
    artifact::Artifact,
    excerpt::Excerpt,
    option::DeclaredOption,
    place::{Place, SourceFile},
};

/// The name of the file, in the context directory.
pub const CATALOG_FILE: &str = "llbgen.toml";

/// The content of an `llbgen.toml`.
#[derive(Debug, Clone)]
pub struct CatalogFile {
    /// The artifacts in the order of the file.
    artifacts: Vec<Artifact>,
    /// The options of the whole catalog.
    options: Vec<DeclaredOption>,
    /// The artifacts that a bare `build` builds; `None` if the file does not say.
    defaults: Option<Vec<String>>,
}

impl CatalogFile {
    /// Reads the text of a catalog file; `file_name` is its name in errors.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, FileError> {
        let source = Arc::new(SourceFile::new(file_name, text));
        let root = DeTable::parse(text)
            .map_err(|error| source.error(error.span().unwrap_or_default(), syntax(&error)))?;
        let tables = tables::artifact_tables(root.get_ref());
        let option_places = tables::option_places(root.get_ref(), &source);
        let span = root.span();
        let root = Spanned::new(span.clone(), DeValue::Table(root.into_inner()));
        let read = FileTable::deserialize(Value::root(&root, file_name));
        let FileTable {
            default,
            options,
            mut artifact,
        } = read.map_err(|wrong| {
            let (span, mistake) = wrong.or_at(span);
            source.error(span, mistake)
        })?;
        let artifacts = tables.into_iter().filter_map(|table| {
            let declared = artifact.remove(table.name.as_str())?;
            if let (Some(kind), Some(span)) = (declared.kind_without_whiteouts(), &table.whiteouts)
            {
                let mistake = Mistake::NotALayer {
                    name: table.name.to_string(),
                    kind: kind.as_str(),
                };
                return Some(Err(source.error(span.clone(), mistake)));
            }
            Some(Ok(
                declared.into_artifact(&table.name, table.places(&source))
            ))
        });
        let options = options.into_iter().map(|(name, option)| DeclaredOption {
            place: option_places.get(name.as_str()).cloned(),
            name,
            option,
        });
        Ok(Self {
            options: options.collect(),
            artifacts: artifacts.collect::<Result<_, _>>()?,
            defaults: default,
        })
    }

    /// The artifacts that it declares, in order.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }
}

fn syntax(error: &toml::de::Error) -> Mistake {
    Mistake::Syntax {
        message: error.message().trim().replace('\n', " "),
    }
}

impl SourceFile {
    /// An error about the bytes `span` of the file.
    fn error(&self, span: std::ops::Range<usize>, mistake: impl Into<Box<Mistake>>) -> FileError {
        FileError {
            file: self.name.clone(),
            excerpt: Excerpt::of(&self.text, span),
            mistake: mistake.into(),
        }
    }
}

impl Place {
    /// An error about this place.
    fn error(&self, mistake: Mistake) -> FileError {
        let line = self.file.text.split_inclusive('\n');
        let start = line.take(self.first_line - 1).map(str::len).sum::<usize>();
        self.file.error(start..self.file.text.len(), mistake)
    }
}

#[cfg(test)]
mod tests;
