//! `llbgen id`: the identity of artifacts, from files alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use catalog::{Caching, CheckedCatalog, Id, Kind, Plan};
use serde::Serialize;

use crate::{
    args::{Global, IdArgs, ListingFormat},
    failure::{Exit, Failure},
    image_names::by_output,
    planning::{self, Selected},
    stderr, stdout, table,
    terminal::plain,
};

#[derive(Serialize)]
struct Row {
    artifact: String,
    kind: &'static str,
    /// One for a tar; all declared ones for an image.
    platforms: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    id: Id,
    content_tag: String,
    /// The repository with the content tag, and with the tags that the text of files makes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
}

pub(crate) fn run(args: &IdArgs, global: &Global, catalog: &CheckedCatalog) -> Result<(), Failure> {
    let artifacts = planning::or_all(catalog, &args.artifacts);
    let selected = Selected::of_whole_images(catalog, &args.variation, &artifacts, global)?;
    let plans = selected.plan(catalog, args.tar.planned(Caching::Use, &args.image)?)?;
    let plans = leave_out_incomplete(plans)?;
    planning::require_pinned(&plans)?;
    let rows = rows(catalog, plans)?;
    match args.format {
        ListingFormat::Json => table::print_json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&rows)))?,
    }
    Ok(())
}

/// Without the artifacts whose input directories nobody gave: they have no id, and the others have.
fn leave_out_incomplete(plans: Vec<Plan>) -> Result<Vec<Plan>, Failure> {
    let (incomplete, complete): (Vec<Plan>, Vec<Plan>) =
        plans.into_iter().partition(|plan| !plan.missing.is_empty());
    if complete.is_empty() {
        planning::require_contexts(&incomplete)?;
    }
    let names: BTreeSet<&str> = incomplete
        .iter()
        .map(|plan| plan.variant.artifact.as_str())
        .collect();
    for name in names {
        stderr::line(&format!(
            "note: `{name}` is left out: `llbgen id {name}` says what it needs"
        ));
    }
    Ok(complete)
}

fn rows(catalog: &CheckedCatalog, plans: Vec<Plan>) -> Result<Vec<Row>, Failure> {
    let outputs = by_output(plans);
    let rows = outputs.iter().map(|plans| {
        let parts: Vec<&Plan> = plans.iter().collect();
        let first = parts[0];
        let id = match first.kind {
            Kind::Rootfs | Kind::Layer => first.id,
            Kind::Image => Id::of_image(&parts),
        };
        let id = id.ok_or_else(|| Failure::new(Exit::Bug, "a pinned plan has no id"))?;
        row(catalog, first, &parts, id)
    });
    rows.collect()
}

fn row(catalog: &CheckedCatalog, plan: &Plan, parts: &[&Plan], id: Id) -> Result<Row, Failure> {
    let names = catalog
        .image_names(&plan.variant)
        .map_err(|error| Failure::new(Exit::Catalog, error))?;
    Ok(Row {
        artifact: plan.variant.artifact.to_string(),
        kind: plan.kind.as_str(),
        platforms: parts
            .iter()
            .map(|part| part.variant.platform.to_string())
            .collect(),
        values: plan.variant.values_as_text(),
        id,
        content_tag: id.content_tag(),
        images: names.repository.map_or_else(Vec::new, |repository| {
            let tags = [id.content_tag()].into_iter();
            tags.chain(plan.file_tags.iter().cloned())
                .map(|tag| format!("{repository}:{tag}"))
                .collect()
        }),
    })
}

fn text(rows: &[Row]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            let values = row
                .values
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            [
                row.artifact.clone(),
                row.platforms.join(","),
                values.collect::<Vec<_>>().join(" "),
                row.id.to_string(),
                row.content_tag.clone(),
                row.images.join(" "),
            ]
        })
        .collect();
    table::table(
        ["ARTIFACT", "PLATFORM", "VALUES", "ID", "TAG", "IMAGES"],
        &cells,
    )
}
