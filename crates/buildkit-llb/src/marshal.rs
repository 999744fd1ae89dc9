//! From a state to a definition: a walk over the graph that needs no stack of its own depth.

use std::collections::BTreeMap;

use crate::cap::Cap;
use crate::constraints::Constraints;
use crate::definition::{Definition, Edge, Entry};
use crate::digest::OpDigest;
use crate::encoding::{Encoding, Input, write_inputs};
use crate::error::MarshalError;
use crate::metadata::OpMetadata;
use crate::op_kind::OpKind;
use crate::source_collector::SourceCollector;
use crate::state::State;
use crate::vertex::{Op, Vertex};
use crate::wire::Writer;

/// The definition of `state` under `constraints`.
pub(crate) fn marshal(
    state: &State,
    constraints: &Constraints,
) -> Result<Definition, MarshalError> {
    let Some(head) = &state.output else {
        return Ok(Definition::default());
    };
    let mut marshaller = Marshaller {
        constraints,
        visited: BTreeMap::new(),
        by_digest: BTreeMap::new(),
        entries: Vec::new(),
        writer: Writer::default(),
        sources: SourceCollector::default(),
    };
    let node = marshaller.walk(&head.vertex)?;
    let digest = marshaller.entries[node].digest;
    marshaller.finish(Input {
        node,
        index: head.index,
        digest,
    })
}

/// What a walk knows. `visited` and `by_digest` name vertices by their places in `entries`.
struct Marshaller<'a> {
    constraints: &'a Constraints,
    visited: BTreeMap<*const Vertex, usize>,
    by_digest: BTreeMap<OpDigest, usize>,
    entries: Vec<Entry>,
    writer: Writer,
    sources: SourceCollector,
}

/// What became of one vertex, its bytes aside.
struct Encoded {
    kind: OpKind,
    inputs: Box<[Edge]>,
    metadata: OpMetadata,
}

/// A vertex whose inputs are being walked.
struct Frame<'v> {
    vertex: &'v Vertex,
    /// The input to look at next.
    next: usize,
    /// Where the places of its inputs start in the list of them.
    first_input: usize,
}

impl<'a> Marshaller<'a> {
    /// Emits everything below `head` depth first, inputs before what reads them, and returns its place.
    fn walk(&mut self, head: &'a Vertex) -> Result<usize, MarshalError> {
        let mut places: Vec<usize> = Vec::new();
        let mut frames = vec![Frame {
            vertex: head,
            next: 0,
            first_input: 0,
        }];
        while let Some(frame) = frames.last_mut() {
            let vertex = frame.vertex;
            if let Some(input) = vertex.inputs.get(frame.next) {
                frame.next += 1;
                match self.visited.get(&std::ptr::from_ref(&*input.vertex)) {
                    Some(place) => places.push(*place),
                    None => frames.push(Frame {
                        vertex: &input.vertex,
                        next: 0,
                        first_input: places.len(),
                    }),
                }
            } else {
                let place = self.emit(vertex, &places[frame.first_input..])?;
                places.truncate(frame.first_input);
                places.push(place);
                frames.pop();
            }
        }
        Ok(places[0])
    }

    /// Encodes one vertex whose inputs are at `places`. One that equals an earlier vertex becomes that one.
    fn emit(&mut self, vertex: &Vertex, places: &[usize]) -> Result<usize, MarshalError> {
        let Encoded {
            kind,
            inputs,
            metadata,
        } = self.encode(vertex, places)?;
        let digest = OpDigest::of(self.writer.written());
        let locations = self.sources.add(&vertex.options.locations);
        let place = *self.by_digest.entry(digest).or_insert(self.entries.len());
        match self.entries.get_mut(place) {
            Some(entry) => {
                entry.metadata.merge(&metadata);
                entry.locations.get_or_insert_default().extend(locations);
            }
            None => self.entries.push(Entry {
                digest,
                kind,
                op: self.writer.written().into(),
                inputs,
                metadata,
                locations: Some(locations),
            }),
        }
        self.visited.insert(std::ptr::from_ref(vertex), place);
        Ok(place)
    }

    fn encode(&mut self, vertex: &Vertex, places: &[usize]) -> Result<Encoded, MarshalError> {
        let failed = |reason| MarshalError {
            vertex: label(vertex),
            reason,
        };
        if let Some(fault) = &vertex.fault {
            return Err(failed(fault.clone()));
        }
        self.writer.clear();
        let mut encoding = Encoding::new(
            &mut self.writer,
            self.constraints,
            vertex,
            places,
            &self.entries,
        );
        let kind = encoding.encode(&vertex.op).map_err(failed)?;
        let (inputs, caps) = encoding.finish();
        let metadata = if let Op::Loaded(_) = &vertex.op {
            vertex.options.metadata.clone()
        } else {
            let mut metadata = self.constraints.metadata.clone();
            metadata.merge(&vertex.options.metadata);
            metadata.add_caps(caps);
            metadata
        };
        Ok(Encoded {
            kind,
            inputs,
            metadata,
        })
    }

    /// Adds the terminal, which has the head as its only input, and the source files.
    fn finish(mut self, head: Input) -> Result<Definition, MarshalError> {
        self.writer.clear();
        write_inputs(&mut self.writer, &[head]);
        let mut caps = vec![Cap::CONSTRAINTS, Cap::PLATFORM];
        let any =
            |test: fn(&OpMetadata) -> bool| self.entries.iter().any(|entry| test(&entry.metadata));
        caps.extend(any(OpMetadata::ignores_cache).then_some(Cap::META_IGNORE_CACHE));
        caps.extend(
            any(|metadata| !metadata.description.is_empty()).then_some(Cap::META_DESCRIPTION),
        );
        caps.extend(
            any(|metadata| metadata.export_cache.is_some()).then_some(Cap::META_EXPORT_CACHE),
        );
        let mut metadata = OpMetadata::default();
        metadata.add_caps(caps);
        self.entries.push(Entry {
            digest: OpDigest::of(self.writer.written()),
            kind: OpKind::Terminal,
            op: self.writer.written().into(),
            inputs: [head.edge()].into(),
            metadata,
            locations: None,
        });
        let infos = self.sources.marshal(self.constraints)?;
        Ok(Definition::new(
            self.entries,
            (head.digest, head.index),
            Some(infos),
        ))
    }
}

/// What a vertex is called in an error.
fn label(vertex: &Vertex) -> String {
    if let Some(name) = vertex.options.metadata.custom_name() {
        return name.to_owned();
    }
    match &vertex.op {
        Op::Source(source) => source.identifier().to_owned(),
        Op::Exec(exec) => exec.command_line(),
        Op::File(_) => "file".to_owned(),
        Op::Merge(_) => "merge".to_owned(),
        Op::Diff(_) => "diff".to_owned(),
        Op::Build(_) => "build".to_owned(),
        Op::Passthrough(_) => "passthrough".to_owned(),
        Op::Loaded(loaded) => loaded.kind().to_string(),
    }
}
