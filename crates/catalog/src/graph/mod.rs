//! The graph of one or several plans for a picture: each vertex once, with a label for readers.

mod label;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::OpDigest;
use serde::Serialize;

use crate::{pack::Packer, plan::Plan};

/// Nodes, edges and outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The vertices; each comes after the ones that it reads.
    pub nodes: Vec<Node>,
    /// The edges, from a vertex to one that reads it.
    pub edges: Vec<GraphEdge>,
    /// The outputs.
    pub outputs: Vec<GraphOutput>,
}

/// A vertex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// A short name: `v0`, `v1` …
    pub id: String,
    /// The vertex's digest.
    pub digest: String,
    /// What it does.
    pub label: String,
    /// Its kind.
    pub kind: NodeKind,
    /// The artifact that has it as a step, if it is a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_of: Option<String>,
    /// The selected artifacts that have this vertex.
    pub artifacts: BTreeSet<String>,
    /// Whether several artifacts have it.
    pub shared: bool,
}

/// The kind of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// An image, a download, a git ref, files of the client.
    Source,
    /// A command.
    Exec,
    /// Files made or copied.
    File,
    /// Trees put together or compared.
    Other,
}

/// An edge from a vertex to one that reads it, by the ids of their nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GraphEdge {
    /// The node that is read.
    pub from: String,
    /// The node that reads it.
    pub to: String,
}

/// The output of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GraphOutput {
    /// A short name: `o0`, `o1` …
    pub id: String,
    /// The variant.
    pub variant: String,
    /// The artifact.
    pub artifact: String,
    /// Its kind.
    pub kind: &'static str,
    /// The platform.
    pub platform: String,
    /// The node of its tree.
    pub node: String,
    /// Its path below the output directory.
    pub path: String,
}

impl Graph {
    /// The graph of `plans`.
    pub fn of(plans: &[Plan]) -> Self {
        let mut graph = Self::default();
        let mut places: BTreeMap<OpDigest, usize> = BTreeMap::new();
        let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
        for plan in plans {
            let entries = plan.definition.entries();
            // The packer is a tool: nothing is made from it.
            let vertices = plan.definition.vertices();
            for entry in vertices.filter(|entry| !Packer::is_vertex(entry)) {
                let place = *places.entry(entry.digest()).or_insert_with(|| {
                    let id = format!("v{}", graph.nodes.len());
                    graph.nodes.push(label::node(id, entry));
                    graph.nodes.len() - 1
                });
                let artifact = plan.variant.artifact.to_string();
                graph.nodes[place].artifacts.insert(artifact);
                for input in entry.inputs() {
                    let below = &entries[input.vertex()];
                    if let Some(below) = places.get(&below.digest()) {
                        edges.insert((*below, place));
                    }
                }
            }
            if let Some(head) = plan.definition.head() {
                let number = graph.outputs.len();
                graph.outputs.push(GraphOutput {
                    id: format!("o{number}"),
                    variant: plan.variant.to_string(),
                    artifact: plan.variant.artifact.to_string(),
                    kind: plan.kind.as_str(),
                    platform: plan.variant.platform.to_string(),
                    node: graph.nodes[places[&head]].id.clone(),
                    path: plan.output.to_string(),
                });
            }
        }
        for node in &mut graph.nodes {
            node.shared = node.artifacts.len() > 1;
        }
        graph.edges = edges
            .into_iter()
            .map(|(from, to)| GraphEdge {
                from: graph.nodes[from].id.clone(),
                to: graph.nodes[to].id.clone(),
            })
            .collect();
        graph
    }
}
