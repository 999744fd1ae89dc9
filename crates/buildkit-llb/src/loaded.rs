//! States from a marshalled definition.

use std::fmt;
use std::sync::Arc;

use crate::cap::Cap;
use crate::definition::{Definition, Edge, Entry, SourceFile};
use crate::digest::OpDigest;
use crate::encoding::Encoding;
use crate::op_kind::OpKind;
use crate::options::Options;
use crate::sourcemap::{SourceLocation, SourceMap};
use crate::state::State;
use crate::vertex::{Op, Output, Vertex};

/// An op that was marshalled before: it keeps its bytes and metadata, whatever the constraints of the next call.
pub(crate) struct LoadedOp {
    kind: OpKind,
    digest: OpDigest,
    bytes: Arc<[u8]>,
    caps: Arc<[Cap]>,
}

impl State {
    /// The result of a definition, to build on. Its ops keep their bytes and metadata. The platform of its head, in
    /// normalised form, is that of the state; environment, directory and so on are not in a definition. Mirrors
    /// `llb.NewDefinitionOp`.
    pub fn from_definition(definition: &Definition) -> Self {
        let files: Vec<SourceMap> = definition.source_files().iter().map(load_file).collect();
        let mut vertices: Vec<Arc<Vertex>> = Vec::with_capacity(definition.entries().len());
        for entry in definition.vertices() {
            let vertex = load_vertex(entry, &vertices, &files);
            vertices.push(Arc::new(vertex));
        }
        let head = definition
            .entries()
            .last()
            .and_then(|terminal| terminal.inputs().first());
        head.map_or_else(Self::scratch, |head| {
            Self::of_output(Output {
                vertex: vertices[head.vertex()].clone(),
                index: head.output(),
            })
        })
    }
}

impl LoadedOp {
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) -> OpKind {
        encoding.loaded();
        for cap in &*self.caps {
            encoding.cap(cap.clone());
        }
        self.kind
    }

    pub(crate) fn kind(&self) -> OpKind {
        self.kind
    }

    /// Its digest and bytes. With many ops, to hash and copy them again would take longer than everything else.
    pub(crate) fn marshalled(&self) -> (OpDigest, Arc<[u8]>) {
        (self.digest, Arc::clone(&self.bytes))
    }
}

impl fmt::Debug for LoadedOp {
    /// Without the bytes, in which an address may have a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedOp")
            .field("kind", &self.kind)
            .field("digest", &OpDigest::of(&self.bytes))
            .field("caps", &self.caps)
            .finish_non_exhaustive()
    }
}

fn load_vertex(entry: &Entry, below: &[Arc<Vertex>], files: &[SourceMap]) -> Vertex {
    let notes = entry.metadata().notes.clone();
    let mut options = Options::of_notes(entry.platform().map(Arc::new), notes);
    for location in entry.locations() {
        let map = files[location.source_index()].clone();
        options.add_location(SourceLocation {
            map,
            ranges: location.ranges().into(),
        });
    }
    let op = LoadedOp {
        kind: entry.kind(),
        digest: entry.digest(),
        bytes: Arc::clone(&entry.op),
        caps: entry.metadata().caps.clone(),
    };
    let input = |edge: &Edge| Output {
        vertex: below[edge.vertex()].clone(),
        index: edge.output(),
    };
    let inputs = entry.inputs().iter().map(input).collect();
    Vertex::new(Op::Loaded(op), options, inputs, None)
}

fn load_file(file: &SourceFile) -> SourceMap {
    let map = SourceMap::new(file.filename(), file.language(), file.data());
    match file.definition() {
        Some(definition) => map.with_state(State::from_definition(definition)),
        None => map,
    }
}
