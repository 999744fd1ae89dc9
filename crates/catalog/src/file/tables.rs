//! The bytes of a file that declare artifacts, steps and options.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    name::ArtifactName,
    place::{Place, Places, SourceFile, StepPlace},
};

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
