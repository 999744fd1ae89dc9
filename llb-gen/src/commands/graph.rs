//! `llbgen graph`: the graph of artifacts, as a picture or as data.

use std::io::Write as _;

use catalog::{Caching, CheckedCatalog, Graph, Platform, Variant};

use crate::{
    args::{Global, GraphArgs, GraphFormat},
    failure::{Exit, Failure},
    graph::{dot::dot, mermaid::mermaid, svg},
    stdout,
    workspace::{Question, host_platform, or_all},
};

pub(crate) fn run(
    args: &GraphArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let artifacts = or_all(catalog, &args.artifacts);
    let mut variants = catalog.select(&args.variation.request(&artifacts))?;
    let one = args.variation.platform.is_empty() && !args.all_platforms;
    let platform = one.then(|| keep_one_platform(&mut variants)).flatten();
    let question = Question::of(&args.variation, &artifacts, global, Caching::Use);
    let workspace = question.ask_for(catalog, variants)?;
    let graph = Graph::of(workspace.plans());
    let title = title(&artifacts, platform.as_ref());
    let text = match args.format {
        GraphFormat::Json => {
            stdout::json(&graph)?;
            return Ok(());
        }
        GraphFormat::Dot => dot(&graph, &title),
        GraphFormat::Mermaid => mermaid(&graph, &title),
        GraphFormat::Svg => {
            refuse_huge(&graph)?;
            svg::svg(&graph, &title)
        }
    };
    stdout::lock().write_all(text.as_bytes())?;
    Ok(())
}

/// Keeps only one platform: this machine's, or the first one if that is not among them. The graphs of platforms are
/// alike, and side by side they show nothing.
fn keep_one_platform(variants: &mut Vec<Variant>) -> Option<Platform> {
    let host = host_platform();
    let kept = variants
        .iter()
        .map(|variant| &variant.platform)
        .find(|platform| **platform == host)
        .or_else(|| variants.first().map(|variant| &variant.platform))?
        .clone();
    let others = variants.clone();
    variants.retain(|variant| {
        // An artifact without that platform is drawn for another one of its own.
        let is_there = others
            .iter()
            .any(|other| other.artifact == variant.artifact && other.platform == kept);
        variant.platform == kept || !is_there
    });
    Some(kept)
}

fn title(artifacts: &[String], platform: Option<&Platform>) -> String {
    let names = match artifacts {
        [] => "the catalog's defaults".to_owned(),
        artifacts if artifacts.len() > 4 => format!("{} artifacts", artifacts.len()),
        artifacts => artifacts.join(", "),
    };
    match platform {
        Some(platform) => format!("{names} for {platform}"),
        None => names,
    }
}

fn refuse_huge(graph: &Graph) -> Result<(), Failure> {
    let size = graph.nodes.len();
    if size <= svg::LARGEST {
        return Ok(());
    }
    let error = format!(
        "the graph has {size} vertices, and a picture of more than {} shows nothing",
        svg::LARGEST
    );
    Err(Failure::new(Exit::Usage, error)
        .with_hint("name fewer artifacts, or use `--format dot` or `json`"))
}
