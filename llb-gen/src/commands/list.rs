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
    failure::Failure,
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
        let output = catalog.output(&variant).to_string();
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

fn table(rows: &[Row]) -> String {
    let headings = ["NAME", "KIND", "PLATFORMS", "BASE", "OUTPUTS"].map(str::to_owned);
    let mut cells: Vec<[String; 5]> = vec![headings];
    for row in rows {
        let platforms = row.platforms.join(",");
        cells.push([
            row.name.clone(),
            row.kind.to_owned(),
            platforms,
            row.base.clone(),
            row.outputs.join(" "),
        ]);
    }
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut table = String::new();
    for row in &cells {
        for (cell, width) in row.iter().zip(widths) {
            _ = write!(table, "{cell:width$}  ");
        }
        _ = writeln!(table, "{}", row[4]);
    }
    table
}
