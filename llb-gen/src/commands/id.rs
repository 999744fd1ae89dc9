//! `llbgen id`: the identity of artifacts, from files alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use catalog::{CheckedCatalog, GitValues, Id, Plan, Variant};
use engine::{Asked, Delivery, Goal, ImageNaming, MissingContexts, NotPinned, Others, Product};
use serde::Serialize;

use crate::{
    args::{Global, IdArgs, ListingFormat},
    failure::{Exit, Failure},
    git::git,
    stderr, stdout,
    terminal::plain,
    workspace::{Question, or_all},
};

#[derive(Serialize)]
struct Row {
    artifact: String,
    kind: &'static str,
    /// One platform for a tar; all declared platforms for an image.
    platforms: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    id: Id,
    content_tag: String,
    /// Each repository with the content tag, and with the tags that the texts of files make.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
}

pub(crate) fn run(args: &IdArgs, global: &Global, catalog: &CheckedCatalog) -> Result<(), Failure> {
    let artifacts = or_all(catalog, &args.artifacts);
    let question = Question::of(
        &args.planned.variation,
        &artifacts,
        global,
        args.planned.options()?,
    );
    let workspace = question.ask_for_whole_images(catalog, Others::Needed)?;
    let (plans, _) = workspace.into_plans();
    let plans = leave_out_incomplete(plans)?;
    NotPinned::refuse(plans.iter().flat_map(|plan| &plan.unpinned))?;
    let git = git(catalog, &[], &args.planned.variation, global);
    let rows = rows(catalog, plans, git)?;
    match args.format {
        ListingFormat::Json => stdout::json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&rows)))?,
    }
    Ok(())
}

/// Leaves out the artifacts whose input directories were not given: they have no id, and the others have.
fn leave_out_incomplete(plans: Vec<Plan>) -> Result<Vec<Plan>, Failure> {
    let (incomplete, complete): (Vec<Plan>, Vec<Plan>) =
        plans.into_iter().partition(|plan| !plan.missing.is_empty());
    if complete.is_empty() {
        MissingContexts::refuse(&incomplete)?;
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

fn rows(catalog: &CheckedCatalog, plans: Vec<Plan>, git: GitValues) -> Result<Vec<Row>, Failure> {
    let naming = ImageNaming {
        git,
        ..ImageNaming::default()
    };
    let delivery = Delivery {
        goal: Goal::Archive,
        naming: &naming,
        by_platform: false,
        files_as_tars: false,
    };
    let variants: Vec<Variant> = plans.iter().map(|plan| plan.variant.clone()).collect();
    let products = Product::of(catalog, plans, &Asked::all(&variants), delivery)?;
    products
        .iter()
        .map(|product| row(catalog, product, &naming.git))
        .collect()
}

fn row(catalog: &CheckedCatalog, product: &Product, git: &GitValues) -> Result<Row, Failure> {
    let id = product.id();
    let id = id.ok_or_else(|| Failure::new(Exit::Bug, "a pinned plan has no id"))?;
    let variant = product.variant();
    let names = catalog
        .image_names(variant, git)
        .map_err(|error| Failure::new(Exit::Catalog, error))?;
    let platforms = product.plans().iter();
    let file_tags = product.plans().first().map(|plan| plan.file_tags.clone());
    let tags = [id.content_tag()]
        .into_iter()
        .chain(file_tags.unwrap_or_default());
    Ok(Row {
        artifact: variant.artifact.to_string(),
        kind: product.kind().as_str(),
        platforms: platforms
            .map(|plan| plan.variant.platform.to_string())
            .collect(),
        values: variant.values_as_text(),
        id,
        content_tag: id.content_tag(),
        images: tags
            .flat_map(|tag| {
                let repositories = names.repositories.iter();
                repositories.map(move |repository| format!("{repository}:{tag}"))
            })
            .collect(),
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
    engine::table(
        ["ARTIFACT", "PLATFORM", "VALUES", "ID", "TAG", "IMAGES"],
        &cells,
    )
}
