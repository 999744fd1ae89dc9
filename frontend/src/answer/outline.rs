//! The parameters of a target: `--call outline`.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{Artifact, Caching, CheckedCatalog, OptionValues, Plan, PlanError, Read, Variant};
use engine::table;
use serde::Serialize;
use serde_json::Value;

use super::Answer;
use crate::{build::Build, error::FrontendError};

/// BuildKit's `outline.Outline`, with the build contexts, which a Dockerfile's outline lacks.
#[derive(Debug, Serialize)]
pub(super) struct Outline {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Argument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<Given>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssh: Vec<Given>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cache: Vec<CacheMount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contexts: Vec<Given>,
}

#[derive(Debug, Serialize)]
struct Argument {
    name: String,
    description: String,
    /// Its value in a build with the same arguments; empty when it has to be given.
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
}

/// Something that a user gives.
#[derive(Debug, Serialize)]
struct Given {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
}

#[derive(Debug, Serialize)]
struct CacheMount {
    #[serde(rename = "ID")]
    id: String,
}

/// The outline for the first requested platform. Cache mounts are known only from a plan, and left out when no plan can
/// be made.
pub(super) async fn answer(build: &Build<'_>) -> Result<Answer, FrontendError> {
    let mut variants = build.chosen()?;
    if let Some(platform) = variants.first().map(|first| first.platform.clone()) {
        variants.retain(|variant| variant.platform == platform);
    }
    let caches = caches(build, &variants).await.unwrap_or_default();
    let outline = outline(build.catalog, &variants, caches)?;
    Answer::new(&outline, outline.to_text())
}

async fn caches(
    build: &Build<'_>,
    variants: &[Variant],
) -> Result<BTreeSet<String>, FrontendError> {
    let inputs = build.inputs(variants).await?;
    let mut caches = BTreeSet::new();
    for variant in variants {
        let plan = build.catalog.plan(variant, &inputs, Caching::Use)?;
        caches.extend(cache_ids(&plan));
    }
    Ok(caches)
}

/// The ids of the cache mounts of a graph.
pub(super) fn cache_ids(plan: &Plan) -> BTreeSet<String> {
    let graph = serde_json::to_value(plan.to_emit()).unwrap_or_default();
    let vertices = graph["vertices"].as_array().into_iter().flatten();
    let mounts = vertices.flat_map(|vertex| {
        let mounts = vertex["op"]["exec"]["mounts"].as_array();
        mounts.into_iter().flatten()
    });
    let id = |mount: &Value| Some(mount["cacheOpt"]["ID"].as_str()?.to_owned());
    mounts.filter_map(id).collect()
}

/// The parameters of the variants of one artifact for one platform.
///
/// # Panics
/// When there is no variant.
pub(super) fn outline(
    catalog: &CheckedCatalog,
    variants: &[Variant],
    caches: BTreeSet<String>,
) -> Result<Outline, PlanError> {
    let artifact = catalog
        .get(variants[0].artifact.as_str())
        .expect("a variant is of an artifact of the catalog");
    let mut reads = BTreeSet::new();
    for variant in variants {
        reads.extend(catalog.reads(variant)?);
    }
    let contexts = given(&reads, context);
    Ok(Outline {
        name: artifact.name().to_string(),
        description: description(artifact.summary(), &contexts),
        args: arguments(artifact, variants),
        secrets: given(&reads, secret),
        ssh: given(&reads, agent),
        cache: caches.into_iter().map(|id| CacheMount { id }).collect(),
        contexts,
    })
}

/// The description. It lists build contexts, because clients print nothing else about them.
fn description(summary: &str, contexts: &[Given]) -> String {
    let flag = |context: &Given| format!("--build-context {}=DIR", context.name);
    let flags: Vec<String> = contexts.iter().map(flag).collect();
    match (summary, &flags[..]) {
        (summary, []) => summary.to_owned(),
        ("", flags) => format!("needs {}", flags.join(", ")),
        (summary, flags) => {
            let summary = summary.trim_end_matches('.');
            format!("{summary}; needs {}", flags.join(", "))
        }
    }
}

/// Axes, then options, with the values that they have in `variants`.
fn arguments(artifact: &Artifact, variants: &[Variant]) -> Vec<Argument> {
    let value = |name: &str| {
        let values = variants
            .iter()
            .filter_map(|variant| variant.values.get(name));
        let values: BTreeSet<&String> = values.collect();
        match values.len() {
            1 => values.into_iter().cloned().collect(),
            _ => String::new(),
        }
    };
    let axes = artifact.axes().iter();
    let axes = axes.map(|(name, values)| argument(name, value, axis_values(values)));
    let options = artifact.options().iter();
    let options = options.map(|(name, option)| argument(name, value, option_values(option)));
    axes.chain(options).collect()
}

fn argument(
    name: &catalog::VariableName,
    value: impl Fn(&str) -> String,
    description: String,
) -> Argument {
    Argument {
        name: name.to_string(),
        value: value(name.as_str()),
        description,
    }
}

/// The values of an axis. A build has one result, so that one of several values must be chosen.
fn axis_values(values: &[String]) -> String {
    match values {
        [only] => format!("only {only}"),
        several => format!("choose one of {}", several.join(", ")),
    }
}

fn option_values(option: &OptionValues) -> String {
    let default = match option.default.as_str() {
        "" => "empty",
        default => default,
    };
    match &option.values[..] {
        [] => format!("any value; {default} by default"),
        values => format!("one of {}; {default} by default", values.join(", ")),
    }
}

/// The names that `of` picks from `reads`, each once, and required when any step requires it.
fn given(reads: &BTreeSet<Read>, of: fn(&Read) -> Option<(&str, bool)>) -> Vec<Given> {
    let mut given: BTreeMap<&str, bool> = BTreeMap::new();
    for (name, required) in reads.iter().filter_map(of) {
        *given.entry(name).or_default() |= required;
    }
    let given = given.into_iter();
    let entry = |(name, required): (&str, bool)| Given {
        name: name.to_owned(),
        required,
    };
    given.map(entry).collect()
}

fn secret(read: &Read) -> Option<(&str, bool)> {
    match read {
        Read::Secret { id, optional } => Some((id.as_str(), !optional)),
        _ => None,
    }
}

fn agent(read: &Read) -> Option<(&str, bool)> {
    match read {
        Read::Ssh { id } => Some((id.as_str(), true)),
        _ => None,
    }
}

fn context(read: &Read) -> Option<(&str, bool)> {
    match read {
        Read::Context { name, .. } => Some((name.as_str(), true)),
        _ => None,
    }
}

impl Outline {
    fn heading(&self) -> String {
        let name = format!("TARGET:       {}\n", self.name);
        match self.description.as_str() {
            "" => format!("{name}\n"),
            description => format!("{name}DESCRIPTION:  {description}\n\n"),
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = self.heading();
        let argument = |argument: &Argument| {
            let Argument {
                name,
                value,
                description,
            } = argument;
            [name.clone(), value.clone(), description.clone()]
        };
        let arguments: Vec<_> = self.args.iter().map(argument).collect();
        text += &section(["BUILD ARG", "VALUE", "DESCRIPTION"], &arguments);
        for (heading, given) in [
            ("SECRET", &self.secrets),
            ("SSH", &self.ssh),
            ("BUILD CONTEXT", &self.contexts),
        ] {
            text += &section([heading, "REQUIRED"], &rows(given));
        }
        let caches = self.cache.iter().map(|cache| [cache.id.clone()]);
        text += &section(["CACHE"], &caches.collect::<Vec<_>>());
        text
    }
}

/// A table with an empty line behind it; nothing without rows.
fn section<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("{}\n", table(headings, rows))
}

fn rows(given: &[Given]) -> Vec<[String; 2]> {
    let row = |given: &Given| {
        let required = if given.required { "true" } else { "" };
        [given.name.clone(), required.to_owned()]
    };
    given.iter().map(row).collect()
}
