//! `llbgen why`: the changes since the last build.

use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write as _, path::Path};

use buildkit_llb::Definition;
use catalog::{Cause, CheckedCatalog, Plan, Side};
use engine::{Delivery, Freshness, Goal, Looked, Product, Reason, Status, record};
use serde::Serialize;

use crate::{
    args::{Global, ListingFormat, WhyArgs},
    failure::{Exit, Failure},
    git::git,
    stdout,
    terminal::plain,
    workspace::{Question, statuses},
};

#[derive(Clone, Serialize)]
struct Row {
    artifact: String,
    platform: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    /// The reason for a build; `null` when it is up to date.
    reason: Option<String>,
    /// The differences between the graphs.
    causes: Vec<Cause>,
    #[serde(skip)]
    variant: String,
}

pub(crate) fn run(
    args: &WhyArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let artifacts = [args.artifact.clone()];
    let question = Question::of(
        &args.planned.variation,
        &artifacts,
        global,
        args.planned.options()?,
    );
    let mut workspace = question.ask(catalog)?;
    let rows = if let Some(file) = &args.against {
        vec![against(file, workspace.plans())?]
    } else {
        let products = workspace.take_products(Delivery {
            goal: Goal::Archive,
            naming: &args
                .planned
                .naming(git(catalog, &[], &args.planned.variation, global)),
            by_platform: false,
            files_as_tars: false,
        })?;
        since_last_build(&products, args)?
    };
    match args.format {
        ListingFormat::Json => stdout::json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&rows)))?,
    }
    Ok(())
}

/// The rows, with the reasons of `plan`: each platform of an image has its own.
fn since_last_build(products: &[Product], args: &WhyArgs) -> Result<Vec<Row>, Failure> {
    let looked = Looked {
        registries: None,
        directory: &args.earlier.output,
        inspection: args.earlier.inspection(),
    };
    let mut rows = Vec::new();
    for (product, status) in products.iter().zip(statuses(products, looked)?) {
        let Status::OnDisk(freshnesses) = status else {
            continue;
        };
        for (plan, freshness) in product.plans().iter().zip(freshnesses) {
            rows.push(match freshness {
                Freshness::UpToDate(_) => of_plan(plan, None, args),
                Freshness::Build(reason) => of_plan(plan, Some(reason), args),
            });
        }
    }
    Ok(rows)
}

fn of_plan(plan: &Plan, reason: Option<Reason>, args: &WhyArgs) -> Row {
    let causes = match &reason {
        Some(Reason::Changed | Reason::Unpinned { .. }) => causes(plan, &args.earlier.output),
        _ => Vec::new(),
    };
    let reason = match reason {
        Some(Reason::Changed) if causes.is_empty() => Some(
            "its graph is the same, but this version of llbgen makes ids or tars differently"
                .to_owned(),
        ),
        reason => reason.map(|reason| reason.to_string()),
    };
    row(plan, reason, causes)
}

/// The differences between the last build of a plan and the plan.
pub(super) fn causes(plan: &Plan, directory: &Path) -> Vec<Cause> {
    let Some(last) = record::last_build(directory, plan) else {
        return Vec::new();
    };
    let Some(definition) = &last.definition else {
        return Vec::new();
    };
    compare(definition, &plan.definition, &last.record.files, plan)
}

/// Compares two graphs of one kind: with the namespace of caches, as `emit` writes them, or without, as in records.
fn compare(
    old: &Definition,
    new: &Definition,
    files: &BTreeMap<catalog::ContextPath, String>,
    plan: &Plan,
) -> Vec<Cause> {
    let old = Side {
        definition: old,
        files,
    };
    let new_files = record::files(plan);
    let new = Side {
        definition: new,
        files: &new_files,
    };
    catalog::why(old, new)
}

fn against(file: &Path, plans: &[Plan]) -> Result<Row, Failure> {
    let [plan] = plans else {
        let names: Vec<String> = plans.iter().map(|plan| plan.variant.to_string()).collect();
        let error = format!(
            "`{}` is the graph of one variant, and {} are selected",
            file.display(),
            names.len()
        );
        let hint = format!(
            "choose one of {} with `--platform` and `--set`",
            catalog::listed(&names)
        );
        return Err(Failure::new(Exit::Usage, error).with_hint(hint));
    };
    let bytes = fs::read(file).map_err(|source| {
        let error = format!("cannot read `{}`: {source}", file.display());
        Failure::new(Exit::Usage, error)
    })?;
    let old = Definition::from_bytes(&bytes).map_err(|source| {
        let error = format!("`{}` is not a graph: {source}", file.display());
        Failure::new(Exit::Usage, error).with_hint("`llbgen emit ARTIFACT > FILE` writes one")
    })?;
    let causes = compare(&old, plan.to_emit(), &BTreeMap::new(), plan);
    let reason = (!causes.is_empty()).then(|| format!("it differs from `{}`", file.display()));
    Ok(row(plan, reason, causes))
}

fn row(plan: &Plan, reason: Option<String>, causes: Vec<Cause>) -> Row {
    Row {
        artifact: plan.variant.artifact.to_string(),
        platform: plan.variant.platform.to_string(),
        values: plan.variant.values_as_text(),
        reason,
        causes,
        variant: plan.variant.to_string(),
    }
}

fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let reason = row.reason.as_deref().unwrap_or("nothing changed");
        _ = writeln!(text, "{}: {reason}", row.variant);
        for cause in &row.causes {
            _ = writeln!(text, "  {}", cause.step);
            for difference in &cause.differences {
                _ = writeln!(text, "    {difference}");
            }
            for step in &cause.chain {
                _ = writeln!(text, "    → {step}");
            }
        }
    }
    text
}
