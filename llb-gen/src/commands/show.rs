//! `llbgen show`: one artifact in full.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use catalog::{
    Artifact, AxisStart, Caching, CheckedCatalog, Id, ImageConfig, Plan, Read, Reference,
    ResolvedBase,
};
use serde::Serialize;

use crate::{
    args::{Global, ListingFormat, ShowArgs},
    failure::Failure,
    stdout,
    terminal::plain,
    workspace::Question,
};

mod declared;

use self::declared::Declared;

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    artifact: &'a Artifact,
    declared: Declared,
    variants: Vec<ShownVariant<'a>>,
}

#[derive(Serialize)]
struct ShownVariant<'a> {
    variant: String,
    platform: String,
    base: &'a ResolvedBase,
    reads: Vec<&'a Read>,
    config: &'a ImageConfig,
    /// The number of vertices in the graph; `execs` of them run a command.
    vertices: usize,
    execs: usize,
    head: String,
    /// `null` while something is not pinned, and for an image without some of its platforms.
    id: Option<Id>,
    content_tag: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unpinned: &'a [Reference],
    output: String,
}

pub(crate) fn run(
    args: &ShowArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let artifacts = [args.artifact.clone()];
    let question = Question::of(&args.variation, &artifacts, global, Caching::Use);
    let workspace = question.ask(catalog)?;
    let plans = workspace.plans();
    let mut stdout = stdout::lock();
    for artifact in catalog.artifacts() {
        let plans: Vec<&Plan> = plans
            .iter()
            .filter(|plan| plan.variant.artifact == *artifact.name())
            .collect();
        if plans.is_empty() {
            continue;
        }
        match args.format {
            ListingFormat::Text => {
                write!(stdout, "{}", plain(&text(catalog, artifact, &plans)))?;
            }
            ListingFormat::Json => {
                let all = plans.iter().copied();
                let variants = all.map(|plan| shown(plan, id(artifact, plan, &plans)));
                let variants = variants.collect();
                let shown = Shown {
                    artifact,
                    declared: Declared::of(catalog, artifact),
                    variants,
                };
                serde_json::to_writer_pretty(&mut stdout, &shown).map_err(io::Error::from)?;
                writeln!(stdout)?;
            }
        }
    }
    Ok(())
}

/// The id that `llbgen id` prints: for an image, that of all its platforms, and `None` if only some were asked for.
fn id(artifact: &Artifact, plan: &Plan, plans: &[&Plan]) -> Option<Id> {
    if !plan.kind.is_image() {
        return plan.id;
    }
    let is_same = |other: &&&Plan| other.is_of_image(plan);
    let whole: Vec<&Plan> = plans.iter().filter(is_same).copied().collect();
    let is_whole = whole.len() == artifact.declared_platforms().len();
    Id::of_image(&whole).filter(|_| is_whole)
}

fn shown(plan: &Plan, id: Option<Id>) -> ShownVariant<'_> {
    ShownVariant {
        variant: plan.variant.to_string(),
        platform: plan.variant.platform.to_string(),
        base: &plan.base,
        reads: plan.reads.iter().collect(),
        config: &plan.config,
        vertices: plan.vertices(),
        execs: plan.execs(),
        head: plan
            .definition
            .head()
            .map(|head| head.to_string())
            .unwrap_or_default(),
        id,
        content_tag: id.map(|id| id.content_tag()),
        unpinned: &plan.unpinned,
        output: plan.output.to_string(),
    }
}

fn text(catalog: &CheckedCatalog, artifact: &Artifact, plans: &[&Plan]) -> String {
    let mut text = String::new();
    let mut line =
        |key: &str, value: &str| _ = writeln!(text, "{}", format!("{key:<13}{value}").trim_end());
    line(&format!("{} ", artifact.name()), artifact.summary());
    line("kind", artifact.kind().as_str());
    if let Some(whiteouts) = artifact.declared_whiteouts() {
        line("whiteouts", whiteouts.as_str());
    }
    if let Some(compression) = artifact.declared_compression() {
        line("compression", &compression.to_string());
    }
    for (key, text) in artifact.declared_annotations() {
        line("annotation", &format!("{key} = {text}"));
    }
    for attest in artifact.declared_attestations() {
        line("attest", &attest.to_string());
    }
    if let Some(place) = artifact.place() {
        line("declared", &place.to_string());
    }
    let declared = Declared::of(catalog, artifact);
    let after = declared.steps.len() + 1;
    let lists = [
        ("steps", &declared.steps, 1),
        ("finally", &declared.last_steps, after),
    ];
    for (key, steps, first) in lists {
        for (index, shown) in declared::lines(steps, first).iter().enumerate() {
            line(if index == 0 { key } else { "" }, shown);
        }
    }
    let starts = catalog.axis_starts(artifact);
    for (name, values) in artifact.axes() {
        let values = values.join(", ");
        let start = match starts.get(name) {
            Some(AxisStart::Base) => "from its base on".to_owned(),
            Some(AxisStart::Step(number)) => format!("from step {number} on"),
            Some(AxisStart::Name) | None => "in no step".to_owned(),
        };
        line("axis", &format!("{name}: {values} ({start})"));
    }
    for (name, option) in artifact.options() {
        line(
            "option",
            &format!("{name}={} {}", option.default, option.values.join("|")),
        );
    }
    for plan in plans {
        line("", "");
        line("variant", &plan.variant.to_string());
        line("base", &base(&plan.base));
        for read in &plan.reads {
            line("reads", &read.to_string());
        }
        line(
            "graph",
            &format!(
                "{} vertices, {} of them run a command",
                plan.vertices(),
                plan.execs()
            ),
        );
        match id(artifact, plan, plans) {
            Some(id) => line("id", &format!("{id} (content tag {})", id.content_tag())),
            None if plan.id.is_some() => {
                line("id", "one for all platforms: leave out `--platform`");
            }
            None if plan.unpinned.is_empty() => {
                line("id", "none until `--build-context` gives what it reads");
            }
            None => line("id", "none until everything is pinned: run `llbgen lock`"),
        }
        line("output", plan.output.as_str());
    }
    text
}

fn base(base: &ResolvedBase) -> String {
    match base {
        ResolvedBase::Scratch => "scratch".to_owned(),
        ResolvedBase::Artifact { name } => format!("artifact {name}"),
        ResolvedBase::Rootfs { file, context } => format!("{file} (--build-context {context})"),
        ResolvedBase::Given { context } => format!("--build-context {context}"),
        ResolvedBase::OciLayout { digest, context } => {
            format!("oci-layout @ {digest} (--build-context {context})")
        }
        ResolvedBase::Image {
            reference,
            digest,
            from,
            context,
        } => {
            let pin = match digest {
                Some(digest) => format!("@ {digest}"),
                None => "not pinned yet".to_owned(),
            };
            match (from, context) {
                (_, Some(context)) => format!("{reference} {pin} (--build-context {context})"),
                (Some(from), None) => format!("{reference} {pin} ({from})"),
                (None, None) => format!("{reference} {pin}"),
            }
        }
    }
}
