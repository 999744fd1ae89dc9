//! What every op's encoding shares: inputs, platform and constraints stand before the op itself.

use crate::cap::Cap;
use crate::constraints::Constraints;
use crate::definition::{Edge, Entry};
use crate::digest::{OP_DIGEST_LEN, OpDigest};
use crate::error::OpError;
use crate::op_kind::OpKind;
use crate::options::Options;
use crate::platform::Platform;
use crate::vertex::{Op, Output, Slot, Vertex};
use crate::wire::Writer;

/// Lists longer than this are searched through an index.
const LINEAR_SEARCH: usize = 16;

/// An op in the making: where it is written to, and what it is written from.
pub(crate) struct Encoding<'a> {
    pub(crate) writer: &'a mut Writer,
    pub(crate) constraints: &'a Constraints,
    pub(crate) options: &'a Options,
    outputs: &'a [Output],
    places: &'a [usize],
    entries: &'a [Entry],
    caps: Vec<Cap>,
    edges: Box<[Edge]>,
}

/// One input of an op: an output of a vertex that has its digest already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input {
    /// The place of the vertex; equal digests have equal places.
    pub(crate) node: usize,
    pub(crate) index: u32,
    pub(crate) digest: OpDigest,
}

/// The inputs of an op, each output once.
#[derive(Debug, Default)]
pub(crate) struct InputList {
    inputs: Vec<Input>,
    index: std::collections::BTreeMap<(usize, u32), usize>,
}

impl<'a> Encoding<'a> {
    pub(crate) fn new(
        writer: &'a mut Writer,
        constraints: &'a Constraints,
        vertex: &'a Vertex,
        places: &'a [usize],
        entries: &'a [Entry],
    ) -> Self {
        let (options, outputs) = (&vertex.options, &*vertex.inputs);
        Self {
            writer,
            constraints,
            options,
            outputs,
            places,
            entries,
            caps: Vec::new(),
            edges: Box::default(),
        }
    }

    /// Writes `op` and says what it is.
    pub(crate) fn encode(&mut self, op: &Op) -> Result<OpKind, OpError> {
        match op {
            Op::Source(source) => source.encode(self).map(|()| OpKind::Source),
            Op::Exec(exec) => exec.encode(self).map(|()| OpKind::Exec),
            Op::File(file) => {
                file.encode(self);
                Ok(OpKind::File)
            }
            Op::Merge(merge) => {
                merge.encode(self);
                Ok(OpKind::Merge)
            }
            Op::Diff(diff) => {
                diff.encode(self);
                Ok(OpKind::Diff)
            }
            Op::Build(build) => build.encode(self).map(|()| OpKind::Build),
            Op::Passthrough(passthrough) => {
                passthrough.encode(self);
                Ok(OpKind::Passthrough)
            }
            Op::Loaded(loaded) => Ok(loaded.encode(self)),
        }
    }

    /// Asks the daemon for a capability.
    pub(crate) fn cap(&mut self, cap: Cap) {
        self.caps.push(cap);
    }

    /// Asks the daemon for a capability if `needed`.
    pub(crate) fn cap_if(&mut self, needed: bool, cap: Cap) {
        self.caps.extend(needed.then_some(cap));
    }

    /// What was written as inputs, and the capabilities that were asked for.
    pub(crate) fn finish(self) -> (Box<[Edge]>, Vec<Cap>) {
        (self.edges, self.caps)
    }

    /// The input in a slot.
    pub(crate) fn input(&self, slot: Slot) -> Input {
        let node = self.places[slot.0 as usize];
        Input {
            node,
            index: self.outputs[slot.0 as usize].index,
            digest: self.entries[node].digest,
        }
    }

    /// Every input in order of the slots, none left out.
    pub(crate) fn all_inputs(&self) -> Vec<Input> {
        (0..)
            .zip(self.outputs)
            .map(|(slot, _)| self.input(Slot(slot)))
            .collect()
    }

    /// Writes an op that was marshalled before, as it is.
    pub(crate) fn loaded(&mut self, op: &[u8]) {
        self.edges = self.all_inputs().iter().map(Input::edge).collect();
        self.writer.raw(op);
    }

    /// The vertex's own platform, else the state's, else that of the marshal call.
    pub(crate) fn platform(&self, of_state: Option<&'a Platform>) -> Result<&'a Platform, OpError> {
        let own = self.options.platform.as_deref();
        own.or(of_state)
            .or(self.constraints.platform.as_deref())
            .ok_or(OpError::NoPlatform)
    }

    /// Writes what stands before the op: inputs, platform if the op has one, and the worker constraints.
    pub(crate) fn head(&mut self, inputs: &[Input], platform: Option<&Platform>) {
        write_inputs(self.writer, inputs);
        self.edges = inputs.iter().map(Input::edge).collect();
        if let Some(platform) = platform {
            self.writer
                .message(10, |message| write_platform(message, platform));
        }
        let filters = self.constraints.filters.iter().chain(&self.options.filters);
        self.writer
            .message(11, |message| message.strings(1, filters));
    }
}

impl Input {
    /// The input as a definition has it.
    pub(crate) fn edge(&self) -> Edge {
        Edge {
            vertex: self.node,
            output: self.index,
        }
    }
}

impl InputList {
    /// The index of an input, which is added when it is new.
    pub(crate) fn add(&mut self, input: Input) -> i64 {
        let key = (input.node, input.index);
        let known = if self.inputs.len() <= LINEAR_SEARCH {
            self.inputs
                .iter()
                .position(|known| (known.node, known.index) == key)
        } else {
            if self.index.is_empty() {
                self.index = (0..)
                    .zip(&self.inputs)
                    .map(|(at, known)| ((known.node, known.index), at))
                    .collect();
            }
            self.index.get(&key).copied()
        };
        let at = known.unwrap_or_else(|| {
            if !self.index.is_empty() {
                self.index.insert(key, self.inputs.len());
            }
            self.inputs.push(input);
            self.inputs.len() - 1
        });
        i64::try_from(at).expect("fewer than 2^63 inputs")
    }

    /// The inputs in order.
    pub(crate) fn as_slice(&self) -> &[Input] {
        &self.inputs
    }
}

/// Writes `Op.inputs`.
pub(crate) fn write_inputs(writer: &mut Writer, inputs: &[Input]) {
    for input in inputs {
        writer.message(1, |message| {
            let digest: [u8; OP_DIGEST_LEN] = input.digest.to_ascii();
            message.element(1, &digest);
            message.uint(2, u64::from(input.index));
        });
    }
}

fn write_platform(writer: &mut Writer, platform: &Platform) {
    writer.string(1, platform.architecture());
    writer.string(2, platform.os());
    writer.string(3, platform.variant());
    writer.string(4, platform.os_version());
    writer.strings(5, platform.os_features());
}
