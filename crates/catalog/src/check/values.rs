//! The problems of rows: they are of variables that exist, and their texts do not lead back to themselves.

use std::collections::BTreeSet;

use crate::{
    artifact::Artifact,
    name::VariableName,
    nearest::nearest,
    option::DeclaredOption,
    part::Part,
    problem::{Found, Problem},
    template::{Text, ValueTables, variable_of},
    variant::RESERVED,
};

pub(super) fn problems(
    tables: &ValueTables,
    artifacts: &[Artifact],
    parts: &[Part],
    options: &[DeclaredOption],
) -> Vec<Found> {
    let known = known(artifacts, parts, options);
    let mut found = Vec::new();
    for (name, row) in tables.all() {
        let about = |problem: Problem| Found {
            subject: format!("values.{name}"),
            place: row.place.clone(),
            uses: Vec::new(),
            problem,
        };
        let is_first = tables.rows(name.as_str()).first() == Some(row);
        if is_first && !known.contains(name.as_str()) {
            found.push(about(Problem::RowsOfNothing {
                name: name.to_string(),
                nearest: nearest(name.as_str(), known.iter().copied()).map(str::to_owned),
            }));
        }
        for field in row.fields.keys() {
            let field = format!("{name}.{field}");
            if let Some(chain) = circle(&field, tables) {
                found.push(about(Problem::FieldCircle { chain }));
            }
        }
    }
    found
}

/// The variables and parameters of the whole catalog.
fn known<'a>(
    artifacts: &'a [Artifact],
    parts: &'a [Part],
    options: &'a [DeclaredOption],
) -> BTreeSet<&'a str> {
    let axes = artifacts.iter().flat_map(|artifact| {
        let constants = artifact.scope.constants().keys();
        artifact
            .axes
            .keys()
            .chain(artifact.options.keys())
            .chain(constants)
    });
    let parameters = parts.iter().flat_map(|part| &part.parameters);
    let options = options.iter().map(|option| &option.name);
    let names = axes.chain(parameters).chain(options);
    names.map(VariableName::as_str).chain(RESERVED).collect()
}

/// The way from a field by the texts of rows back to itself.
fn circle(field: &str, tables: &ValueTables) -> Option<Vec<String>> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<Vec<String>> = vec![vec![field.to_owned()]];
    while let Some(way) = open.pop() {
        let last = way.last()?;
        let names = tables.rows(variable_of(last)).iter().flat_map(|row| {
            let field = last
                .split_once('.')
                .and_then(|(_, field)| row.fields.get(field));
            field.into_iter().flat_map(Text::names)
        });
        for next in names.filter(|name| name.contains('.')) {
            let further = || way.iter().cloned().chain([next.to_owned()]).collect();
            if next == field {
                return Some(further());
            }
            if seen.insert(next.to_owned()) {
                open.push(further());
            }
        }
    }
    None
}
