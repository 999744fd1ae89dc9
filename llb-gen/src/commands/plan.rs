//! `llbgen plan`: what `build` would do, and why.

use std::{collections::BTreeMap, io::Write as _};

use buildkit_client::CancellationToken;
use catalog::{Caching, CheckedCatalog, Difference, Id, Kind, Plan, Platform};
use fleet::{ImageRefs, Reason, Standing};
use serde::Serialize;

use crate::{
    args::{Global, ListingFormat, PlanArgs},
    failure::{Exit, Failure},
    image_names::{by_output, names, refuse_one_name, whole_id},
    planning::{self, Selected},
    stdout, table,
};

#[derive(Serialize)]
struct Row {
    artifact: String,
    platform: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    status: Status,
    /// In a phrase; empty when nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    id: Option<Id>,
    output: String,
    #[serde(skip)]
    variant: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    UpToDate,
    Published,
    Build,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up to date",
            Self::Published => "published",
            Self::Build => "build",
        }
    }
}

pub(crate) fn run(
    args: &PlanArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    args.image.require_place_for_tags(false)?;
    let artifacts = planning::or_all(catalog, &args.artifacts);
    let selected = Selected::of(catalog, &args.variation, &artifacts, &global.context)?;
    let planned = args.tar.planned(Caching::Use, &args.image.format)?;
    let plans = by_output(selected.plan(catalog, planned)?);
    let states = states(catalog, args, &plans)?;
    let rows: Vec<Row> = plans
        .iter()
        .zip(&states)
        .flat_map(|(plans, states)| plans.iter().zip(states))
        .map(|(plan, state)| row(plan, args, state))
        .collect();
    match args.format {
        ListingFormat::Json => table::print_json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", text(&rows))?,
    }
    if args.exit_code && rows.iter().any(|row| row.status == Status::Build) {
        return Err(Failure::silent(Exit::Failed));
    }
    Ok(())
}

/// What is to be done for a plan.
#[derive(Clone)]
enum State {
    UpToDate,
    Published,
    Build(Reason),
    /// As a push would have it, in a phrase.
    Push(String),
}

/// What is to be done for each plan of each of `outputs`; with `--push` the registries are asked.
fn states(
    catalog: &CheckedCatalog,
    args: &PlanArgs,
    outputs: &[Vec<Plan>],
) -> Result<Vec<Vec<State>>, Failure> {
    let names = outputs.iter().map(|plans| pushed(catalog, args, plans));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let images = outputs.iter().zip(&names);
    refuse_one_name(
        images.filter_map(|(plans, names)| Some((&plans[0].variant, names.as_ref()?))),
    )?;
    let mut runtime = None;
    let mut states = Vec::new();
    for (plans, names) in outputs.iter().zip(names) {
        if let Some(names) = names {
            if runtime.is_none() {
                runtime = Some(
                    tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()?,
                );
            }
            let runtime = runtime.as_ref().expect("it was just made");
            let state = runtime.block_on(in_registries(catalog, args, plans, &names))?;
            states.push(vec![state; plans.len()]);
            continue;
        }
        let inspection = args.earlier.inspection();
        let standings = fleet::standings(plans, &args.earlier.output, inspection);
        let each = standings.into_iter().map(|standing| match standing {
            Standing::UpToDate(_) => State::UpToDate,
            Standing::Build(reason) => State::Build(reason),
        });
        states.push(each.collect());
    }
    Ok(states)
}

/// What an image is pushed under; nothing is when it is not pushed, or not yet known well enough.
fn pushed(
    catalog: &CheckedCatalog,
    args: &PlanArgs,
    plans: &[Plan],
) -> Result<Option<ImageRefs>, Failure> {
    let is_pushed = args.image.push && plans[0].kind == Kind::Image;
    let is_incomplete = |plan: &Plan| fleet::incomplete(plan).is_some();
    if !is_pushed || plans.iter().any(is_incomplete) {
        return Ok(None);
    }
    let id = whole_id(catalog, plans);
    names(catalog, &args.image, false, plans, id).map(Some)
}

async fn in_registries(
    catalog: &CheckedCatalog,
    args: &PlanArgs,
    plans: &[Plan],
    names: &ImageRefs,
) -> Result<State, Failure> {
    let Some(id) = whole_id(catalog, plans) else {
        let reason = "only some of its platforms are selected";
        return Ok(State::Push(reason.to_owned()));
    };
    let platforms: Vec<Platform> = plans
        .iter()
        .map(|plan| plan.variant.platform.clone())
        .collect();
    let access = args.image.access()?;
    let never = CancellationToken::new();
    match fleet::published(names, id, &platforms, &access, &never).await {
        Ok(Some(_)) => Ok(State::Published),
        Ok(None) => Ok(State::Push(format!(
            "{} has it not",
            names.all().join(" or ")
        ))),
        Err(error) => Ok(State::Push(format!("{error}: {}", error.problem))),
    }
}

fn row(plan: &Plan, args: &PlanArgs, state: &State) -> Row {
    let (status, reason) = match state {
        State::UpToDate => (Status::UpToDate, String::new()),
        State::Published => (Status::Published, String::new()),
        State::Build(reason) => (Status::Build, phrase(plan, args, reason)),
        State::Push(reason) => (Status::Build, reason.clone()),
    };
    Row {
        artifact: plan.variant.artifact.to_string(),
        platform: plan.variant.platform.to_string(),
        values: plan.variant.values_as_text(),
        status,
        reason,
        id: plan.id,
        output: args
            .earlier
            .output
            .join(plan.output.as_str())
            .display()
            .to_string(),
        variant: plan.variant.to_string(),
    }
}

/// A reason in a phrase; of a change, its first cause.
fn phrase(plan: &Plan, args: &PlanArgs, reason: &Reason) -> String {
    if *reason != Reason::Changed {
        return reason.to_string();
    }
    let causes = super::why::causes(plan, &args.earlier.output);
    let mut told = causes.iter().flat_map(|cause| {
        let differences = cause.differences.iter();
        differences.map(move |difference| match difference {
            // They name what they are about.
            Difference::Pin { .. } | Difference::Source { .. } => difference.to_string(),
            difference => format!("{}: {difference}", cause.step),
        })
    });
    match (told.next(), told.count()) {
        (None, _) => reason.to_string(),
        (Some(first), 0) => first,
        (Some(first), more) => format!("{first}, and {more} more"),
    }
}

fn text(rows: &[Row]) -> String {
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| {
            [
                row.variant.clone(),
                row.status.as_str().to_owned(),
                row.reason.clone(),
            ]
        })
        .collect();
    table::table(["VARIANT", "STATUS", "REASON"], &cells)
}
