//! `llbgen list`: the artifacts of the catalog.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
};

use catalog::{Artifact, CheckedCatalog, Request};
use serde::Serialize;

use crate::{
    args::{ListArgs, ListingFormat},
    failure::{Exit, Failure},
};

#[derive(Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    description: String,
    platforms: Vec<String>,
    axes: BTreeMap<String, Vec<String>>,
    options: BTreeMap<String, String>,
    base: String,
    outputs: Vec<String>,
}

pub(crate) fn run(args: &ListArgs, catalog: &CheckedCatalog) -> Result<(), Failure> {
    let rows = catalog
        .artifacts()
        .map(|artifact| row(catalog, artifact))
        .collect::<Result<Vec<_>, _>>()?;
    let mut stdout = io::stdout().lock();
    match args.format {
        ListingFormat::Json => {
            serde_json::to_writer_pretty(&mut stdout, &rows).map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
        ListingFormat::Text => write!(stdout, "{}", table(&rows))?,
    }
    Ok(())
}

fn row(catalog: &CheckedCatalog, artifact: &Artifact) -> Result<Row, Failure> {
    let request = Request {
        artifacts: vec![artifact.name().to_string()],
        ..Request::default()
    };
    let mut outputs = Vec::new();
    for variant in catalog.select(&request)? {
        let output = catalog
            .output(&variant)
            .map_err(|error| Failure::new(Exit::Catalog, error))?
            .to_string();
        if !outputs.contains(&output) {
            outputs.push(output);
        }
    }
    let axes = artifact
        .axes()
        .iter()
        .map(|(name, values)| (name.to_string(), values.clone()));
    let options = artifact
        .options()
        .iter()
        .map(|(name, option)| (name.to_string(), option.default.clone()));
    Ok(Row {
        name: artifact.name().to_string(),
        kind: artifact.kind().as_str(),
        description: artifact.summary().to_owned(),
        platforms: artifact
            .declared_platforms()
            .iter()
            .map(ToString::to_string)
            .collect(),
        axes: axes.collect(),
        options: options.collect(),
        base: artifact.base().to_string(),
        outputs,
    })
}

/// The rows as a table; a column in which no row has anything is left out.
fn table(rows: &[Row]) -> String {
    let headings = [
        "NAME",
        "KIND",
        "PLATFORMS",
        "AXES",
        "OPTIONS",
        "BASE",
        "OUTPUTS",
    ];
    let cells: Vec<[String; 7]> = rows.iter().map(cells).collect();
    let widths = [0, 1, 2, 3, 4, 5, 6].map(|column| {
        let widest = cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0);
        if widest == 0 {
            0
        } else {
            widest.max(headings[column].len())
        }
    });
    let mut table = String::new();
    for row in [headings.map(str::to_owned)].iter().chain(&cells) {
        let shown = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let line: Vec<String> = shown
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        _ = writeln!(table, "{}", line.join("  ").trim_end());
    }
    table
}

fn cells(row: &Row) -> [String; 7] {
    let axes = row
        .axes
        .iter()
        .map(|(name, values)| format!("{name}={}", values.join("|")));
    let options = row
        .options
        .iter()
        .map(|(name, default)| format!("{name}={default}"));
    [
        row.name.clone(),
        row.kind.to_owned(),
        row.platforms.join(","),
        axes.collect::<Vec<_>>().join(" "),
        options.collect::<Vec<_>>().join(" "),
        row.base.clone(),
        row.outputs.join(" "),
    ]
}
