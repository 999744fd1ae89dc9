//! The graph of a target: `--call convertllb`.
//!
//! The JSON is that of BuildKit's `convertllb.Result`: ops by digest as Go's `protojson` prints them, the metadata of
//! each op with the names that `encoding/json` gives `llb.OpMetadata`, and the sources. References are pinned as for a
//! build, so that the digests are those of a build. The vertex without readers is the terminal, whose input is the
//! result.

use std::collections::BTreeMap;

use buildkit_llb::{Definition, Entry, ExportCache, GroupStrength, LinuxResources, OpMetadata};
use catalog::{Plan, VertexName};
use engine::table;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, question::Question};
use crate::{build::Build, error::FrontendError};

#[derive(Debug, Serialize)]
pub(super) struct Graph<'a> {
    def: BTreeMap<String, Value>,
    metadata: BTreeMap<String, Metadata<'a>>,
    source: Value,
}

/// Go's `llb.OpMetadata`.
#[derive(Debug, Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ignore_cache: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    description: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_cache: Option<Exported>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    caps: BTreeMap<&'a str, bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress_group: Option<Group<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linux_resources: Option<Resources<'a>>,
}

#[derive(Debug, Serialize)]
struct Exported {
    #[serde(rename = "Value")]
    value: bool,
}

#[derive(Debug, Serialize)]
struct Group<'a> {
    id: &'a str,
    name: &'a str,
    weak: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resources<'a> {
    memory: i64,
    memory_swap: i64,
    cpu_shares: u64,
    cpu_period: u64,
    cpu_quota: i64,
    cpuset_cpus: &'a str,
    cpuset_mems: &'a str,
}

pub(super) async fn answer(build: &Build<'_>) -> Result<Answer, FrontendError> {
    if let [_, _, ..] = &build.options.platforms[..] {
        let platforms = build.options.platforms.iter();
        return Err(FrontendError::SeveralPlatforms {
            question: Question::Convert.name(),
            platforms: platforms.map(ToString::to_string).collect(),
        });
    }
    let plans = build.plans().await?.plans;
    let definition = plans.first().map(Plan::to_emit);
    let definition = definition.ok_or_else(|| FrontendError::Bug {
        message: "nothing was planned".to_owned(),
    })?;
    Answer::new(&graph(definition)?, listing(definition))
}

/// A graph in BuildKit's shape.
pub(super) fn graph(definition: &Definition) -> Result<Graph<'_>, FrontendError> {
    let printed = serde_json::to_value(definition).map_err(|error| FrontendError::Bug {
        message: format!("a graph cannot be printed: {error}"),
    })?;
    let ops = printed["vertices"].as_array().into_iter().flatten();
    let ops = ops.filter_map(|vertex| {
        let digest = vertex["digest"].as_str()?.to_owned();
        Some((digest, vertex["op"].clone()))
    });
    let said = definition.entries().iter();
    let said = said.map(|entry| (entry.digest().to_string(), Metadata::of(entry.metadata())));
    Ok(Graph {
        def: ops.collect(),
        metadata: said.collect(),
        source: printed.get("source").cloned().unwrap_or_else(|| json!({})),
    })
}

impl<'a> Metadata<'a> {
    fn of(metadata: &'a OpMetadata) -> Self {
        let caps = metadata.caps().iter().map(|cap| (cap.as_str(), true));
        let group = metadata.progress_group().map(|group| Group {
            id: group.id(),
            name: group.name(),
            weak: group.strength() == GroupStrength::Weak,
        });
        let exported = metadata.export_cache().map(|export| Exported {
            value: export == ExportCache::Always,
        });
        Self {
            ignore_cache: metadata.ignores_cache(),
            description: metadata.description().collect(),
            export_cache: exported,
            caps: caps.collect(),
            progress_group: group,
            linux_resources: metadata.linux_resources().map(Resources::of),
        }
    }
}

impl<'a> Resources<'a> {
    fn of(resources: &'a LinuxResources) -> Self {
        Self {
            memory: resources.memory,
            memory_swap: resources.memory_swap,
            cpu_shares: resources.cpu_shares,
            cpu_period: resources.cpu_period,
            cpu_quota: resources.cpu_quota,
            cpuset_cpus: &resources.cpuset_cpus,
            cpuset_mems: &resources.cpuset_mems,
        }
    }
}

/// The vertices in their order, a line each, with the numbers of the vertices that they read.
pub(super) fn listing(definition: &Definition) -> String {
    let row = |(number, entry): (usize, &Entry)| {
        let inputs = entry.inputs().iter().map(|input| input.vertex() + 1);
        let inputs: Vec<String> = inputs.map(|number| number.to_string()).collect();
        let name = VertexName::of(entry).map(|name| name.to_string());
        let name = name.or_else(|| entry.source_identifier());
        let digest = entry.digest().to_string();
        [
            number.to_string(),
            digest,
            entry.kind().as_str().to_owned(),
            inputs.join(" "),
            name.unwrap_or_default(),
        ]
    };
    let rows: Vec<[String; 5]> = (1..).zip(definition.vertices()).map(row).collect();
    table(["#", "DIGEST", "OP", "INPUTS", "NAME"], &rows)
}
