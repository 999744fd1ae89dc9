//! One of two graphs that are compared: its vertices, their own operations, and their spines.

use buildkit_llb::{Entry, OpContent, OpKind};

use super::{Side, placing};
use crate::vertex_name::VertexName;

/// A graph with cached answers for the comparison.
pub(super) struct Graph<'a> {
    pub(super) side: Side<'a>,
    own: Vec<Vec<u8>>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(side: Side<'a>) -> Self {
        let own = side.definition.vertices().map(Entry::own_bytes).collect();
        Self { side, own }
    }

    /// The vertex of the result.
    pub(super) fn head(&self) -> Option<usize> {
        let terminal = self.side.definition.entries().last()?;
        terminal.inputs().first().map(buildkit_llb::Edge::vertex)
    }

    pub(super) fn entry(&self, vertex: usize) -> &'a Entry {
        &self.side.definition.entries()[vertex]
    }

    /// The own operation of the vertex, without its inputs.
    pub(super) fn own(&self, vertex: usize) -> &[u8] {
        &self.own[vertex]
    }

    /// The vertex and the states before it, topmost first.
    pub(super) fn spine(&self, vertex: usize) -> Vec<usize> {
        let next = |vertex: &usize| {
            let entry = self.entry(*vertex);
            let edge = entry.inputs().get(entry.primary_input()?)?;
            Some(edge.vertex())
        };
        std::iter::successors(Some(vertex), next).collect()
    }

    /// The reads of a vertex besides the state before it, each under a name that is the same in both graphs.
    pub(super) fn reads(&self, vertex: usize) -> Vec<(String, usize)> {
        let entry = self.entry(vertex);
        let primary = entry.primary_input();
        let input = |number: usize| entry.inputs().get(number).map(buildkit_llb::Edge::vertex);
        match entry.content() {
            OpContent::Exec(exec) => exec
                .mounts
                .iter()
                .filter(|mount| mount.input != primary)
                .filter_map(|mount| Some((placing::mount_name(&exec, mount), input(mount.input?)?)))
                .collect(),
            OpContent::File(actions) => actions
                .iter()
                .enumerate()
                .filter_map(|(number, action)| Some((number.to_string(), input(action.source?)?)))
                .collect(),
            _ => (0..entry.inputs().len())
                .filter(|number| Some(*number) != primary)
                .filter_map(|number| Some((number.to_string(), input(number)?)))
                .collect(),
        }
    }

    /// The step of a vertex, as `artifact: title`, if it has a name.
    pub(super) fn step(&self, vertex: usize) -> Option<String> {
        let name = VertexName::of(self.entry(vertex))?;
        Some(match name.artifact() {
            Some(artifact) => format!("{artifact}: {}", name.title),
            None => name.title.to_owned(),
        })
    }

    /// A name for a vertex that may have none of its own.
    pub(super) fn called(&self, vertex: usize) -> String {
        if let Some(step) = self.step(vertex) {
            return step;
        }
        let entry = self.entry(vertex);
        match entry.content() {
            OpContent::Source(source) => match source.identifier.split_once("://") {
                Some(("docker-image" | "oci-layout", _)) => "base image".to_owned(),
                Some(("local", _)) => "files of the context".to_owned(),
                Some(("git", _)) => "git".to_owned(),
                Some(("http" | "https", _)) => "download".to_owned(),
                _ => "source".to_owned(),
            },
            OpContent::File(_) => "declared files".to_owned(),
            _ if entry.kind() == OpKind::Exec => "command".to_owned(),
            _ => "graph".to_owned(),
        }
    }
}
