//! `llbgen.toml`: the model as a file, for artifacts without Rust.
//!
//! The types of the model derive `Deserialize`. The file's own deserializer (`value`) reads spanned TOML into them, so
//! that every error has a line and column. `merge` puts the artifacts of a file beside those of a program.

mod artifact;
mod conditional;
mod error;
mod include;
mod join;
mod kind;
mod merge;
mod misplaced;
mod schema;
mod sources;
mod tables;
mod value;
mod wrong;

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use self::{artifact::FileTable, sources::Sources, value::Value};
pub use self::{
    error::{FileError, Mistake},
    include::Include,
    schema::schema,
};
use buildkit_llb::Platform;

use crate::{
    artifact::Artifact, catalog::DeclaredGroup, excerpt::Excerpt, option::DeclaredOption,
    part::Part, place::Place, template::ValueTables,
};

/// The name of the file, in the context directory.
pub const CATALOG_FILE: &str = "llbgen.toml";

/// The content of an `llbgen.toml` and of the files that it includes.
#[derive(Debug, Clone)]
pub struct CatalogFile {
    /// The artifacts in the order of the files.
    artifacts: Vec<Artifact>,
    /// The parts.
    parts: Vec<Part>,
    /// The options of the whole catalog.
    options: Vec<DeclaredOption>,
    /// The rows of the values of variables.
    values: ValueTables,
    /// The groups of artifacts.
    groups: Vec<DeclaredGroup>,
    /// The artifacts that a bare `build` builds; `None` if the file does not say.
    defaults: Option<Vec<String>>,
    build_platform: Option<Platform>,
    /// The names of the files.
    files: Vec<String>,
}

impl CatalogFile {
    /// Reads the text of a catalog file; `file_name` is its name in errors.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, FileError> {
        Self::parse_all(&[(file_name, text)])
    }

    /// The globs of the files that a catalog file includes, for [`parse_all`](Self::parse_all).
    pub fn includes(file_name: &str, text: &str) -> Result<Vec<Include>, FileError> {
        let sources = Sources::new(&[(file_name, text)]);
        let root = table(text, &sources)?;
        match root.get_ref().get("include") {
            None => Ok(Vec::new()),
            Some(value) => Include::read(value, &sources),
        }
    }

    /// Reads the texts of a catalog file and of the files that it includes, by their names in errors; the file itself
    /// comes first.
    pub fn parse_all(files: &[(&str, &str)]) -> Result<Self, FileError> {
        let sources = Sources::new(files);
        let padded = sources.padded();
        let mut tables = padded.iter().map(|text| table(text, &sources));
        let Some(root) = tables.next() else {
            return Ok(Self::empty());
        };
        let root = root?;
        let span = root.span();
        let mut root = root.into_inner();
        for included in tables {
            join::include(&mut root, included?.into_inner(), &sources)?;
        }
        if let Some((path, span)) = tables::table_in_row(&root) {
            let message = format!("`{path}` is a table here: quote it, `\"{path}\" = {{ … }}`");
            return Err(sources.error(span, Mistake::Value { message }));
        }
        if let Some((span, mistake)) = misplaced::find(&root, &sources) {
            return Err(sources.error(span, mistake));
        }
        let spans = tables::artifact_spans(&root);
        conditional::rewrite(&mut root);
        if root.contains_key("template") {
            // A mistake in a template is told at its place, whoever inherits it.
            read(&root, &span, &sources)?;
            join::inherit(&mut root, &sources)?;
        }
        let declared = read(&root, &span, &sources)?;
        declared.into_catalog(&root, &spans, &sources)
    }

    fn empty() -> Self {
        Self {
            artifacts: Vec::new(),
            parts: Vec::new(),
            options: Vec::new(),
            values: ValueTables::default(),
            groups: Vec::new(),
            defaults: None,
            build_platform: None,
            files: Vec::new(),
        }
    }

    /// The artifacts that it declares, in order.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }
}

impl FileTable {
    fn into_catalog(
        mut self,
        root: &DeTable<'_>,
        spans: &BTreeMap<String, Range<usize>>,
        sources: &Sources,
    ) -> Result<CatalogFile, FileError> {
        let option_places = tables::option_places(root, sources);
        let artifacts = tables::artifact_tables(root, spans);
        let artifacts = artifacts.into_iter().filter_map(|table| {
            let declared = self.artifact.remove(table.name.as_str())?;
            Some(declared.into_artifact(&table, sources))
        });
        let artifacts = artifacts.collect::<Result<Vec<Artifact>, FileError>>()?;
        let parts = tables::part_tables(root).into_iter().filter_map(|table| {
            let declared = self.part.remove(table.name.as_str())?;
            let part = declared.into_part(&table.name);
            Some(part.declared_at(table.places(sources)))
        });
        let parts = parts.collect();
        let mut values = ValueTables::default();
        for row in tables::row_tables(root) {
            let rows = self.values.get_mut(row.variable.as_str());
            let fields = rows.and_then(|rows| rows.remove(&row.value));
            if let (Some(fields), Ok(name)) = (fields, row.variable.parse()) {
                values.add(name, &row.value, fields, Some(sources.place(&row.span)));
            }
        }
        let options = self.options.into_iter();
        let options = options.map(|(name, option)| DeclaredOption {
            place: option_places.get(name.as_str()).cloned(),
            name,
            option,
        });
        let groups = self.groups.into_iter();
        let groups = groups.map(|(name, members)| DeclaredGroup {
            name: name.to_string(),
            members: members.iter().cloned().collect(),
        });
        Ok(CatalogFile {
            artifacts,
            parts,
            options: options.collect(),
            values,
            groups: groups.collect(),
            defaults: self.default.map(|names| names.iter().cloned().collect()),
            build_platform: self.build_platform.map(|platform| platform.0),
            files: sources.names(),
        })
    }
}

fn table<'a>(text: &'a str, sources: &Sources) -> Result<Spanned<DeTable<'a>>, FileError> {
    DeTable::parse(text)
        .map_err(|error| sources.error(error.span().unwrap_or_default(), syntax(&error)))
}

/// The keys and values of all files, with their types.
fn read(
    root: &DeTable<'_>,
    span: &Range<usize>,
    sources: &Sources,
) -> Result<FileTable, FileError> {
    let root = Spanned::new(span.clone(), DeValue::Table(root.clone()));
    let name = format!("`{}`", sources.name(0));
    FileTable::deserialize(Value::of(&root, &name)).map_err(|wrong| {
        let (span, mistake) = wrong.or_at(span.clone());
        sources.error(span, mistake)
    })
}

fn syntax(error: &toml::de::Error) -> Mistake {
    Mistake::Syntax {
        message: error.message().trim().replace('\n', " "),
    }
}

impl Place {
    /// An error about this place.
    fn error(&self, mistake: Mistake) -> FileError {
        let line = self.file.text.split_inclusive('\n');
        let start = line.take(self.first_line - 1).map(str::len).sum::<usize>();
        FileError {
            file: self.file.name.clone(),
            excerpt: Excerpt::of(&self.file.text, start..self.file.text.len()),
            mistake: Box::new(mistake),
        }
    }
}

#[cfg(test)]
mod tests;
