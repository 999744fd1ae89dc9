//! From a state to a definition: two walks over the graph that need no stack of its depth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cap::Cap;
use crate::constraints::Constraints;
use crate::definition::{Definition, Edge, Entry};
use crate::digest::OpDigest;
use crate::encoding::{Encoding, Input, Scratch, write_inputs};
use crate::error::MarshalError;
use crate::metadata::OpMetadata;
use crate::notes::{Notes, SharedNotes};
use crate::op_kind::OpKind;
use crate::order::Order;
use crate::source::userinfo;
use crate::source_collector::SourceCollector;
use crate::state::State;
use crate::vertex::{Op, Vertex};

/// The definition of `state` under `constraints`.
pub(crate) fn marshal(
    state: &State,
    constraints: &Constraints,
) -> Result<Definition, MarshalError> {
    let Some(head) = &state.output else {
        return Ok(Definition::default());
    };
    let order = Order::below(&head.vertex);
    let mut marshaller = Marshaller {
        constraints,
        by_digest: BTreeMap::new(),
        cap_sets: BTreeSet::new(),
        // And one for the terminal.
        entries: Vec::with_capacity(order.len() + 1),
        scratch: Scratch::default(),
        sources: SourceCollector::default(),
    };
    let mut places = Vec::with_capacity(order.len());
    let mut inputs = Vec::new();
    for (vertex, below) in order.iter() {
        inputs.clear();
        inputs.extend(below.iter().map(|input| places[*input as usize]));
        places.push(marshaller.emit(vertex, &inputs)?);
    }
    marshaller.finish(places[places.len() - 1], head.index)
}

/// The vertices that are marshalled so far. `by_digest` has their places in `entries`.
struct Marshaller<'a> {
    constraints: &'a Constraints,
    by_digest: BTreeMap<OpDigest, usize>,
    /// The sets of capabilities that vertices need, each once.
    cap_sets: BTreeSet<Arc<[Cap]>>,
    entries: Vec<Entry>,
    scratch: Scratch,
    sources: SourceCollector,
}

/// The result of one vertex, without its bytes.
struct Encoded {
    kind: OpKind,
    inputs: Box<[Edge]>,
    metadata: OpMetadata,
}

impl Marshaller<'_> {
    /// Encodes one vertex whose inputs are at `places`. One that equals an earlier vertex becomes that one.
    fn emit(&mut self, vertex: &Vertex, places: &[usize]) -> Result<usize, MarshalError> {
        let Encoded {
            kind,
            inputs,
            metadata,
        } = self.encode(vertex, places).map_err(|reason| MarshalError {
            vertex: label(vertex),
            reason,
        })?;
        let loaded = match &vertex.op {
            Op::Loaded(loaded) => Some(loaded.marshalled()),
            _ => None,
        };
        let written = self.scratch.writer.written();
        let digest = match &loaded {
            Some((digest, _)) => *digest,
            None => OpDigest::of(written),
        };
        let locations = self.sources.add(vertex.options.locations());
        let place = *self.by_digest.entry(digest).or_insert(self.entries.len());
        if let Some(entry) = self.entries.get_mut(place) {
            entry.metadata.merge(&metadata);
            entry.locations.get_or_insert_default().extend(locations);
            return Ok(place);
        }
        let op = loaded.map_or_else(|| written.into(), |(_, bytes)| bytes);
        self.entries.push(Entry {
            digest,
            kind,
            op,
            inputs,
            metadata,
            locations: Some(locations),
        });
        Ok(place)
    }

    fn encode(
        &mut self,
        vertex: &Vertex,
        places: &[usize],
    ) -> Result<Encoded, crate::error::OpError> {
        if let Some(fault) = &vertex.fault {
            return Err((**fault).clone());
        }
        let mut encoding = Encoding::new(
            &mut self.scratch,
            self.constraints,
            vertex,
            places,
            &self.entries,
        );
        let kind = encoding.encode(&vertex.op)?;
        let mut notes = match &vertex.op {
            // An op that was marshalled before keeps its metadata.
            Op::Loaded(_) => SharedNotes::default(),
            _ => self.constraints.notes.clone(),
        };
        notes.merge(&vertex.options.notes);
        let metadata = OpMetadata {
            notes,
            caps: self.caps(),
        };
        Ok(Encoded {
            kind,
            inputs: self.scratch.edges.as_slice().into(),
            metadata,
        })
    }

    /// The capabilities in the scratch space, as a set.
    fn caps(&mut self) -> Arc<[Cap]> {
        let caps = &mut self.scratch.caps;
        caps.sort_unstable();
        caps.dedup();
        if let Some(known) = self.cap_sets.get(caps.as_slice()) {
            return known.clone();
        }
        let caps: Arc<[Cap]> = caps.as_slice().into();
        self.cap_sets.insert(caps.clone());
        caps
    }

    /// Adds the terminal, whose only input is the head, and the source files.
    fn finish(mut self, head: usize, output: u32) -> Result<Definition, MarshalError> {
        let head = Input {
            node: head,
            index: output,
            digest: self.entries[head].digest,
        };
        self.scratch.caps.clear();
        let caps = &mut self.scratch.caps;
        caps.extend([Cap::CONSTRAINTS, Cap::PLATFORM]);
        let any = |test: fn(&Notes) -> bool| {
            self.entries
                .iter()
                .any(|entry| test(entry.metadata.notes.get()))
        };
        caps.extend(any(|notes| notes.ignore_cache).then_some(Cap::META_IGNORE_CACHE));
        caps.extend(any(|notes| !notes.description.is_empty()).then_some(Cap::META_DESCRIPTION));
        caps.extend(any(|notes| notes.export_cache.is_some()).then_some(Cap::META_EXPORT_CACHE));
        let caps = self.caps();
        let writer = &mut self.scratch.writer;
        writer.clear();
        write_inputs(writer, &[head]);
        self.entries.push(Entry {
            digest: OpDigest::of(writer.written()),
            kind: OpKind::Terminal,
            op: writer.written().into(),
            inputs: [head.edge()].into(),
            metadata: OpMetadata {
                notes: SharedNotes::default(),
                caps,
            },
            locations: None,
        });
        let files = self.sources.marshal(self.constraints)?;
        Ok(Definition::new(
            self.entries,
            (head.digest, head.index),
            Some(files),
        ))
    }
}

/// The name of a vertex in an error.
fn label(vertex: &Vertex) -> String {
    if let Some(name) = vertex.options.notes.get().custom_name() {
        return name.to_owned();
    }
    match &vertex.op {
        Op::Source(source) => userinfo::without(source.identifier()).into_owned(),
        Op::Exec(exec) => exec.command_line(),
        Op::File(_) => "file".to_owned(),
        Op::Merge(_) => "merge".to_owned(),
        Op::Diff(_) => "diff".to_owned(),
        Op::Build(_) => "build".to_owned(),
        Op::Passthrough(_) => "passthrough".to_owned(),
        Op::Loaded(loaded) => loaded.kind().to_string(),
    }
}
