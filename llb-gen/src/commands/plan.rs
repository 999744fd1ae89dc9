//! `llbgen plan`: the work of `build`, and the reasons.

use std::{collections::BTreeMap, io::Write as _};

use catalog::{Caching, CheckedCatalog, Difference, Id, Plan, Platform};
use engine::{
    Delivery, Freshness, Goal, ImageProduct, InRegistries, Looked, Others, Product, Reason, Status,
    refuse_one_name,
};
use serde::Serialize;

use crate::{
    args::{Global, ListingFormat, PlanArgs, tell_unused_mirrors},
    failure::{Exit, Failure},
    git::git,
    stderr, stdout,
    terminal::plain,
    workspace::{Question, or_all, statuses},
};

#[derive(Serialize)]
struct Row {
    artifact: String,
    platform: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    status: Verdict,
    /// The reason as a phrase; empty when nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    id: Option<Id>,
    output: String,
    #[serde(skip)]
    variant: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    UpToDate,
    Published,
    Build,
}

impl Verdict {
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
    let artifacts = or_all(catalog, &args.artifacts);
    let question = Question::of(
        &args.variation,
        &artifacts,
        global,
        args.tar.planned(Caching::Use, &args.image.format)?,
    )
    .with_mirrors(args.mirrors.mirrors()?);
    let mut workspace = if args.image.push {
        question.ask_for_whole_images(catalog, Others::LeftOut)?
    } else {
        question.ask(catalog)?
    };
    tell_unused_mirrors(&Plan::unused_mirrors(workspace.plans()), global);
    args.image.require_images(catalog, workspace.plans())?;
    let git = git(catalog, &args.image.tag, &args.variation, global);
    let products = workspace.take_products(Delivery {
        goal: if args.image.push {
            Goal::Registries
        } else {
            Goal::Archive
        },
        naming: &args.image.naming(git),
        by_platform: false,
        files_as_tars: false,
    })?;
    for warning in products.iter().filter_map(Product::warning) {
        stderr::line(&format!("warning: {warning}"));
    }
    let rows: Vec<Row> = products
        .iter()
        .zip(states(args, global, &products)?)
        .flat_map(|(product, states)| product.plans().iter().zip(states))
        .map(|(plan, state)| row(plan, args, &state))
        .collect();
    match args.format {
        ListingFormat::Json => stdout::json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&rows)))?,
    }
    if args.exit_code && rows.iter().any(|row| row.status == Verdict::Build) {
        return Err(Failure::silent(Exit::Failed));
    }
    Ok(())
}

/// The state of a plan.
#[derive(Clone)]
enum State {
    UpToDate,
    Published,
    Build(Reason),
    /// The state in the registries, as a phrase.
    Push(String),
}

/// The state of each plan of each product; with `--push` the registries are asked.
fn states(
    args: &PlanArgs,
    global: &Global,
    products: &[Product],
) -> Result<Vec<Vec<State>>, Failure> {
    let mut patience = args.patience.patience();
    if !global.quiet {
        patience = patience.with_listener(|text| stderr::line(&text));
    }
    let access = args.image.push.then(|| args.image.access(&[], patience));
    let access = access.transpose()?;
    if access.is_some() {
        refuse_one_name(products)?;
    }
    let looked = Looked {
        registries: access.as_ref(),
        directory: &args.earlier.output,
        inspection: args.earlier.inspection(),
    };
    let statuses = statuses(products, looked)?.into_iter();
    let states = products.iter().zip(statuses);
    Ok(states
        .map(|(product, status)| of_status(product, status))
        .collect())
}

fn of_status(product: &Product, status: Status) -> Vec<State> {
    match status {
        Status::OnDisk(freshnesses) => {
            let each = freshnesses.into_iter().map(|freshness| match freshness {
                Freshness::UpToDate(_) => State::UpToDate,
                Freshness::Build(reason) => State::Build(reason),
            });
            each.collect()
        }
        Status::InRegistries(found) => {
            let state = in_registries(product, found);
            vec![state; product.plans().len()]
        }
    }
}

fn in_registries(product: &Product, found: InRegistries) -> State {
    match found {
        InRegistries::There(_) => State::Published,
        InRegistries::Joinable(_) => {
            State::Push("its platforms are there, one by one; its tags are to be moved".to_owned())
        }
        InRegistries::Missing => {
            let looked_for = product.image().map(looked_for).unwrap_or_default();
            State::Push(format!("not in {looked_for}"))
        }
        InRegistries::Unknown(error) => State::Push(format!("{error}: {}", error.problem)),
    }
}

/// The references that the registries lack, as a phrase.
fn looked_for(image: &ImageProduct) -> String {
    let names = image.names();
    let is_asked = |platform: &Platform| image.platforms().any(|asked| asked == platform);
    let looked_for: Vec<&str> = if image.is_part() {
        let parts = names.parts.iter().flat_map(|names| &names.platforms);
        let parts = parts.filter(|(platform, _)| is_asked(platform));
        parts.map(|(_, name)| name.as_ref()).collect()
    } else {
        names.all().map(AsRef::as_ref).collect()
    };
    looked_for.join(" or ")
}

fn row(plan: &Plan, args: &PlanArgs, state: &State) -> Row {
    let (status, reason) = match state {
        State::UpToDate => (Verdict::UpToDate, String::new()),
        State::Published => (Verdict::Published, String::new()),
        State::Build(reason) => (Verdict::Build, phrase(plan, args, reason)),
        State::Push(reason) => (Verdict::Build, reason.clone()),
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

/// A reason as a phrase; for a change, its first cause.
fn phrase(plan: &Plan, args: &PlanArgs, reason: &Reason) -> String {
    if *reason != Reason::Changed {
        return reason.to_string();
    }
    let causes = super::why::causes(plan, &args.earlier.output);
    let mut told = causes.iter().flat_map(|cause| {
        let differences = cause.differences.iter();
        differences.map(move |difference| match difference {
            // These differences name their reference or source themselves.
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
    engine::table(["VARIANT", "STATUS", "REASON"], &cells)
}
