//! `llbgen plan`: what `build` would do, and why.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

use catalog::{Caching, CheckedCatalog, Difference, Id, Plan};
use fleet::{Inspection, Reason, Standing};
use serde::Serialize;

use crate::{
    args::{Global, ListingFormat, PlanArgs},
    failure::{Exit, Failure},
    planning::{self, Selected},
    table,
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
    Build,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up to date",
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
    let selected = Selected::of(catalog, &args.variation, &artifacts, &global.context)?;
    let plans = selected.plan(catalog, args.tar.planned(Caching::Use))?;
    let inspection = args.earlier.inspection();
    let rows: Vec<Row> = plans
        .iter()
        .map(|plan| row(plan, args, inspection))
        .collect();
    match args.format {
        ListingFormat::Json => table::print_json(&rows)?,
        ListingFormat::Text => write!(io::stdout().lock(), "{}", text(&rows))?,
    }
    if args.exit_code && rows.iter().any(|row| row.status == Status::Build) {
        return Err(Failure::silent(Exit::Failed));
    }
    Ok(())
}

fn row(plan: &Plan, args: &PlanArgs, inspection: Inspection) -> Row {
    let (status, reason) = match fleet::standing(plan, &args.earlier.output, inspection) {
        Standing::UpToDate(_) => (Status::UpToDate, String::new()),
        Standing::Build(reason) => (Status::Build, phrase(plan, args, &reason)),
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
