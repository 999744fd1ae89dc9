//! The bytes of files that declare artifacts, parts, steps, rows and options.

use std::{collections::BTreeMap, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{sources::Sources, value::in_order};
use crate::{
    part::PartPlaces,
    place::{Place, Places, StepPlace},
};

/// The declaration of an artifact.
pub(super) struct ArtifactTable {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    /// The value of each key.
    keys: BTreeMap<String, Range<usize>>,
    /// The key `whiteouts`, without its value.
    pub(super) whiteouts: Option<Range<usize>>,
    steps: Vec<StepSpan>,
    last_steps: Vec<StepSpan>,
}

/// The declaration of a part.
pub(super) struct PartTable {
    pub(super) name: String,
    span: Range<usize>,
    steps: Vec<StepSpan>,
    last_steps: Vec<StepSpan>,
}

/// The declaration of a row of `[values]`.
pub(super) struct RowTable {
    pub(super) variable: String,
    pub(super) value: String,
    pub(super) span: Range<usize>,
}

/// The bytes of a file that declare a step, and those of the steps inside it.
struct StepSpan {
    span: Range<usize>,
    nested: Vec<StepSpan>,
}

impl ArtifactTable {
    pub(super) fn places(&self, sources: &Sources) -> Places {
        let keys = self.keys.iter();
        Places {
            artifact: Some(sources.place(&self.span)),
            keys: keys
                .map(|(key, span)| (key.clone(), sources.place(span)))
                .collect(),
            steps: step_places(&self.steps, sources),
            last_steps: step_places(&self.last_steps, sources),
        }
    }
}

impl PartTable {
    pub(super) fn places(&self, sources: &Sources) -> PartPlaces {
        PartPlaces {
            part: Some(sources.place(&self.span)),
            steps: step_places(&self.steps, sources),
            last_steps: step_places(&self.last_steps, sources),
        }
    }
}

fn step_places(steps: &[StepSpan], sources: &Sources) -> Vec<StepPlace> {
    let places = steps.iter().map(|step| StepPlace {
        place: sources.place(&step.span),
        nested: step_places(&step.nested, sources),
    });
    places.collect()
}

/// The bytes of each artifact, before it has the keys of its template.
pub(super) fn artifact_spans(root: &DeTable<'_>) -> BTreeMap<String, Range<usize>> {
    let artifacts = entries(root, "artifact");
    let span = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| (text(name), extent(value));
    artifacts.map(span).collect()
}

/// The artifacts in the order of the files.
pub(super) fn artifact_tables(
    root: &DeTable<'_>,
    spans: &BTreeMap<String, Range<usize>>,
) -> Vec<ArtifactTable> {
    let tables = entries(root, "artifact").filter_map(|(name, value)| {
        let table = value.get_ref().as_table()?;
        let name = text(name);
        let keys = table.iter();
        Some(ArtifactTable {
            span: spans.get(&name)?.clone(),
            name,
            keys: keys
                .map(|(key, value)| (text(key), extent(value)))
                .collect(),
            whiteouts: table.get_key_value("whiteouts").map(|(key, _)| key.span()),
            steps: steps(table, "steps"),
            last_steps: steps(table, "finally"),
        })
    });
    let mut tables: Vec<ArtifactTable> = tables.collect();
    tables.sort_by_key(|table| table.span.start);
    tables
}

/// The parts in the order of the files.
pub(super) fn part_tables(root: &DeTable<'_>) -> Vec<PartTable> {
    let tables = entries(root, "part").filter_map(|(name, value)| {
        let table = value.get_ref().as_table()?;
        Some(PartTable {
            name: text(name),
            span: extent(value),
            steps: steps(table, "steps"),
            last_steps: steps(table, "finally"),
        })
    });
    let mut tables: Vec<PartTable> = tables.collect();
    tables.sort_by_key(|table| table.span.start);
    tables
}

/// The rows of all variables in the order of the files.
pub(super) fn row_tables(root: &DeTable<'_>) -> Vec<RowTable> {
    let tables = entries(root, "values").flat_map(|(variable, rows)| {
        let rows = rows.get_ref().as_table().map(in_order);
        let rows = rows.into_iter().flatten();
        rows.map(|(value, fields)| RowTable {
            variable: text(variable),
            value: text(value),
            span: joined(value.span(), extent(fields)),
        })
    });
    tables.collect()
}

/// The first field of a row that is a table, as `3.12 = { … }` makes one: its path and its place.
pub(super) fn table_in_row(root: &DeTable<'_>) -> Option<(String, Range<usize>)> {
    entries(root, "values").find_map(|(_, rows)| {
        let rows = rows.get_ref().as_table()?;
        in_order(rows).into_iter().find_map(|(value, fields)| {
            let fields = in_order(fields.get_ref().as_table()?).into_iter();
            let mut tables = fields.filter(|(_, field)| field.get_ref().is_table());
            let (field, _) = tables.next()?;
            let span = joined(value.span(), field.span());
            Some((format!("{}.{}", text(value), text(field)), span))
        })
    })
}

/// The places of the options of the whole catalog.
pub(super) fn option_places(root: &DeTable<'_>, sources: &Sources) -> BTreeMap<String, Place> {
    let options = entries(root, "options");
    let place = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let span = joined(name.span(), extent(value));
        (text(name), sources.place(&span))
    };
    options.map(place).collect()
}

/// The entries of a table of the root.
fn entries<'a>(
    root: &'a DeTable<'a>,
    key: &str,
) -> impl Iterator<
    Item = (
        &'a Spanned<toml::de::DeString<'a>>,
        &'a Spanned<DeValue<'a>>,
    ),
> {
    let table = root.get(key).and_then(|value| value.get_ref().as_table());
    table.map(in_order).into_iter().flatten()
}

fn text(name: &Spanned<toml::de::DeString<'_>>) -> String {
    name.get_ref().to_string()
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
