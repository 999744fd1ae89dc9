//! `llbgen list`: the artifacts of the catalog.

use std::{collections::BTreeMap, io::Write as _};

use catalog::{Artifact, CATALOG_FILE, CheckedCatalog, Whiteouts};
use serde::Serialize;

use crate::{
    args::{Global, ListArgs, ListingFormat},
    failure::{Exit, Failure},
    stderr, stdout,
    terminal::plain,
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
    /// The artifacts that it is made from, including its base.
    needs: Vec<String>,
    outputs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whiteouts: Option<Whiteouts>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    /// The groups that it is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
}

const HEADINGS: [&str; 9] = [
    "NAME",
    "KIND",
    "PLATFORMS",
    "AXES",
    "OPTIONS",
    "BASE",
    "NEEDS",
    "OUTPUTS",
    "IMAGES",
];

/// The listing without an artifact: an empty one, and the reason.
pub(crate) fn nothing(args: &ListArgs, global: &Global, why: &str) -> Result<(), Failure> {
    if let ListingFormat::Json = args.format {
        stdout::json(&[] as &[Row; 0])?;
    }
    if !global.quiet {
        stderr::line(why);
    }
    Ok(())
}

pub(crate) fn run(
    args: &ListArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let artifacts = if args.artifacts.is_empty() {
        catalog.artifacts().collect()
    } else {
        catalog.select_artifacts(&args.artifacts)?
    };
    let artifacts = if args.needed {
        catalog.with_dependencies(artifacts)
    } else {
        artifacts
    };
    if artifacts.is_empty() {
        let why = format!(
            "`{CATALOG_FILE}` declares no artifact\nhint: `llbgen new rootfs NAME` adds one (or `layer`, `image`)"
        );
        return nothing(args, global, &why);
    }
    let rows = artifacts
        .into_iter()
        .map(|artifact| row(catalog, artifact))
        .collect::<Result<Vec<_>, _>>()?;
    match args.format {
        ListingFormat::Json => stdout::json(&rows)?,
        ListingFormat::Text => {
            let cells: Vec<_> = rows.iter().map(cells).collect();
            let mut text = engine::table(HEADINGS, &cells);
            if args.artifacts.is_empty() {
                text.push_str(&groups(catalog));
            }
            write!(stdout::lock(), "{}", plain(&text))?;
        }
    }
    Ok(())
}

/// The groups with their artifacts, below the artifacts; nothing without groups.
fn groups(catalog: &CheckedCatalog) -> String {
    let groups = catalog.groups().iter();
    let rows: Vec<[String; 2]> = groups
        .map(|(name, members)| {
            let in_order = catalog.artifacts().map(Artifact::name);
            let members = in_order.filter(|name| members.contains(*name));
            let members: Vec<String> = members.map(ToString::to_string).collect();
            [name.clone(), members.join(",")]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}", engine::table(["GROUP", "ARTIFACTS"], &rows))
}

fn row(catalog: &CheckedCatalog, artifact: &Artifact) -> Result<Row, Failure> {
    let (mut outputs, mut images) = (Vec::new(), Vec::new());
    // A stage is not delivered: it has neither outputs nor names.
    let is_delivered = artifact.kind().is_delivered();
    let variants = is_delivered.then(|| catalog.variants(artifact));
    for variant in variants.unwrap_or_default() {
        let output = catalog
            .output(&variant)
            .map_err(|error| Failure::new(Exit::Catalog, error))?
            .to_string();
        if !outputs.contains(&output) {
            outputs.push(output);
        }
        let names = catalog
            .image_names_of_any_commit(&variant)
            .map_err(|error| Failure::new(Exit::Catalog, error))?;
        for reference in names.references().into_iter().chain(names.of_platform()) {
            if !images.contains(&reference) {
                images.push(reference);
            }
        }
    }
    let axes = artifact
        .axes()
        .iter()
        .map(|(name, values)| (name.to_string(), values.clone()));
    let options = artifact
        .options()
        .iter()
        .map(|(name, option)| (name.to_string(), option.default.to_string()));
    let groups = catalog.groups().iter();
    let groups = groups.filter(|(_, members)| members.contains(artifact.name()));
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
        needs: catalog
            .dependencies(artifact)
            .into_iter()
            .map(|needed| needed.name().to_string())
            .collect(),
        outputs,
        whiteouts: artifact.declared_whiteouts(),
        images,
        groups: groups.map(|(name, _)| name.clone()).collect(),
    })
}

fn cells(row: &Row) -> [String; 9] {
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
        row.needs.join(","),
        row.outputs.join(" "),
        row.images.join(" "),
    ]
}
