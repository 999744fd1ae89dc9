//! `llbgen plan`: what `build` would do, and why.

use std::{collections::BTreeMap, io::Write as _};

use buildkit_client::CancellationToken;
use catalog::{Caching, CheckedCatalog, Difference, Id, Plan, Platform};
use engine::{Freshness, ImageRefs, Presence, Reason, Wanted, resolve::ResolveError};
use serde::Serialize;

use crate::{
    args::{Global, ListingFormat, PlanArgs},
    failure::{Exit, Failure},
    image_names::{Goal, by_output, refuse_one_name},
    leaving::{self, Leaving},
    planning::{self, Selected},
    stderr, stdout, table,
    terminal::plain,
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
    let artifacts = planning::or_all(catalog, &args.artifacts);
    let selected = if args.image.push {
        Selected::with_whole_images(catalog, &args.variation, &artifacts, global)?
    } else {
        Selected::of(catalog, &args.variation, &artifacts, global)?
    };
    let planned = args.tar.planned(Caching::Use, &args.image.format)?;
    let plans = selected.plan(catalog, planned)?;
    args.image.require_images(&plans)?;
    let goal = if args.image.push {
        Goal::Registries
    } else {
        Goal::Archive
    };
    let outputs: Vec<Leaving> = by_output(plans)
        .into_iter()
        .map(|plans| Leaving::of(catalog, &args.image, goal, plans, &selected.asked))
        .collect::<Result<_, _>>()?;
    for warning in outputs.iter().filter_map(Leaving::warning) {
        stderr::line(&format!("warning: {warning}"));
    }
    let states = states(args, &outputs)?;
    let rows: Vec<Row> = outputs
        .iter()
        .map(|output| &output.plans)
        .zip(&states)
        .flat_map(|(plans, states)| plans.iter().zip(states))
        .map(|(plan, state)| row(plan, args, state))
        .collect();
    match args.format {
        ListingFormat::Json => table::print_json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&rows)))?,
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
fn states(args: &PlanArgs, outputs: &[Leaving]) -> Result<Vec<Vec<State>>, Failure> {
    if args.image.push {
        refuse_one_name(
            outputs
                .iter()
                .filter_map(|output| Some((&output.plans[0].variant, output.names.as_ref()?))),
        )?;
    }
    let pushed = in_registries(args, outputs)?;
    let states = outputs.iter().zip(pushed).map(|(output, pushed)| {
        pushed.map_or_else(
            || on_disk(args, output),
            |state| vec![state; output.plans.len()],
        )
    });
    Ok(states.collect())
}

/// What a push has to do for each of `outputs`, whose registries are asked side by side; `None` for one that is not pushed.
fn in_registries(args: &PlanArgs, outputs: &[Leaving]) -> Result<Vec<Option<State>>, Failure> {
    let asked = outputs
        .iter()
        .map(|output| leaving::platforms(&output.plans));
    let asked: Vec<Vec<Platform>> = asked.collect();
    let all = outputs.iter().zip(&asked);
    let wanted: Vec<Option<Wanted<'_>>> = all
        .map(|(output, asked)| wanted(args, output, asked))
        .collect();
    if wanted.iter().all(Option::is_none) {
        return Ok(vec![None; outputs.len()]);
    }
    let access = args.image.access(&[])?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (images, never) = (wanted.iter().flatten().copied(), CancellationToken::new());
    let presences = runtime.block_on(engine::presences(images, &access, &never));
    let mut presences = presences.into_iter();
    let states = outputs.iter().zip(wanted).map(|(output, wanted)| {
        let names = wanted?.names;
        presences.next().map(|found| pushed(output, names, found))
    });
    Ok(states.collect())
}

/// What registries are asked of an image; `None` if it is not pushed.
fn wanted<'a>(args: &PlanArgs, output: &'a Leaving, asked: &'a [Platform]) -> Option<Wanted<'a>> {
    let names = output.names.as_ref().filter(|_| args.image.push)?;
    Some(Wanted {
        names,
        id: output.id?,
        asked,
        declared: &output.declared,
    })
}

fn pushed(output: &Leaving, names: &ImageRefs, found: Result<Presence, ResolveError>) -> State {
    match found {
        Ok(Presence::Whole(_) | Presence::Part(_)) => State::Published,
        Ok(Presence::Parts(_)) => {
            State::Push("its platforms are there, one by one; its tags are to be moved".to_owned())
        }
        Ok(Presence::Missing) => State::Push(format!("{} has it not", looked_for(output, names))),
        Err(error) => State::Push(format!("{error}: {}", error.problem)),
    }
}

fn on_disk(args: &PlanArgs, output: &Leaving) -> Vec<State> {
    let inspection = args.earlier.inspection();
    let names = output.names.as_ref().map(|names| names.index.as_slice());
    let freshnesses =
        engine::each_freshness(&output.plans, names, &args.earlier.output, inspection);
    let each = freshnesses.into_iter().map(|freshness| match freshness {
        Freshness::UpToDate(_) => State::UpToDate,
        Freshness::Build(reason) => State::Build(reason),
    });
    each.collect()
}

/// What the registries do not have.
fn looked_for(output: &Leaving, names: &ImageRefs) -> String {
    if output.plans.len() == output.declared.len() {
        return names.all().join(" or ");
    }
    let is_asked = |platform: &Platform| {
        let mut plans = output.plans.iter();
        plans.any(|plan| plan.variant.platform == *platform)
    };
    let parts = names.parts.iter().flat_map(|names| &names.platforms);
    let asked = parts.filter(|(platform, _)| is_asked(platform));
    asked
        .map(|(_, name)| name.as_str())
        .collect::<Vec<_>>()
        .join(" or ")
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
