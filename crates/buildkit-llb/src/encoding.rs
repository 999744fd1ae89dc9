//! The common part of every op's encoding: inputs, platform and constraints, which come before the op itself.

use std::collections::BTreeMap;

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

/// The number that stands for no input.
pub(crate) const SCRATCH: i64 = -1;

/// Lists longer than this are searched through an index.
const LINEAR_SEARCH: usize = 16;

/// An op that is being written.
pub(crate) struct Encoding<'a> {
    pub(crate) writer: &'a mut Writer,
    pub(crate) constraints: &'a Constraints,
    pub(crate) options: &'a Options,
    /// The inputs of the op that have been numbered.
    pub(crate) inputs: &'a mut InputList,
    outputs: &'a [Output],
    places: &'a [usize],
    entries: &'a [Entry],
    /// The numbers of the inputs by their slots.
    pub(crate) numbers: &'a mut Vec<i64>,
    caps: &'a mut Vec<Cap>,
    edges: &'a mut Vec<Edge>,
}

/// The buffers that one op after the other is written into.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The bytes of the op.
    pub(crate) writer: Writer,
    /// The capabilities that it needs.
    pub(crate) caps: Vec<Cap>,
    /// Its inputs.
    pub(crate) edges: Vec<Edge>,
    inputs: InputList,
    numbers: Vec<i64>,
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
    /// The numbers of the inputs, once there are many.
    numbers: BTreeMap<(usize, u32), usize>,
}

impl<'a> Encoding<'a> {
    /// Starts the op of `vertex`, whose inputs are at `places`, in the buffers of `scratch`.
    pub(crate) fn new(
        scratch: &'a mut Scratch,
        constraints: &'a Constraints,
        vertex: &'a Vertex,
        places: &'a [usize],
        entries: &'a [Entry],
    ) -> Self {
        let Scratch {
            writer,
            caps,
            edges,
            inputs,
            numbers,
        } = scratch;
        writer.clear();
        caps.clear();
        edges.clear();
        inputs.clear();
        numbers.clear();
        numbers.resize(vertex.inputs.len(), SCRATCH);
        let (options, outputs) = (&vertex.options, &*vertex.inputs);
        Self {
            writer,
            constraints,
            options,
            inputs,
            outputs,
            places,
            entries,
            numbers,
            caps,
            edges,
        }
    }

    /// Writes `op`.
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

    /// Numbers the input in a slot; an output that is read twice has one number.
    pub(crate) fn number(&mut self, slot: Slot) {
        let input = self.input(slot);
        self.numbers[slot.0 as usize] = self.inputs.add(input);
    }

    /// Writes the common part of an op whose slots are all inputs of their own, in order.
    pub(crate) fn head_of_all(&mut self, platform: Option<&Platform>) {
        let inputs: Vec<Input> = self.all_inputs().collect();
        self.head_of(&inputs, platform);
    }

    /// Notes the inputs of an op that was marshalled before, and is not written again.
    pub(crate) fn loaded(&mut self) {
        let edges: Vec<Edge> = self.all_inputs().map(|input| input.edge()).collect();
        *self.edges = edges;
    }

    /// The vertex's own platform, else the state's, else that of the marshal call.
    pub(crate) fn platform(&self, of_state: Option<&'a Platform>) -> Result<&'a Platform, OpError> {
        let own = self.options.platform.as_deref();
        own.or(of_state)
            .or(self.constraints.platform.as_deref())
            .ok_or(OpError::NoPlatform)
    }

    /// Writes the common part of an op whose inputs have numbers: the inputs, the platform if the op has one, and the
    /// worker constraints.
    pub(crate) fn head(&mut self, platform: Option<&Platform>) {
        let inputs = std::mem::take(&mut self.inputs.inputs);
        self.head_of(&inputs, platform);
        self.inputs.inputs = inputs;
    }

    fn head_of(&mut self, inputs: &[Input], platform: Option<&Platform>) {
        write_inputs(self.writer, inputs);
        self.edges.extend(inputs.iter().map(Input::edge));
        if let Some(platform) = platform {
            self.writer
                .message(10, |message| write_platform(message, platform));
        }
        let filters = self
            .constraints
            .filters
            .iter()
            .chain(self.options.filters());
        self.writer
            .message(11, |message| message.strings(1, filters));
    }

    fn all_inputs(&self) -> impl Iterator<Item = Input> {
        (0..)
            .zip(self.outputs)
            .map(|(slot, _)| self.input(Slot(slot)))
    }

    fn input(&self, slot: Slot) -> Input {
        let node = self.places[slot.0 as usize];
        Input {
            node,
            index: self.outputs[slot.0 as usize].index,
            digest: self.entries[node].digest,
        }
    }
}

impl Input {
    /// The input as a definition has it.
    pub(crate) fn edge(&self) -> Edge {
        Edge::new(self.node, self.index)
    }
}

impl InputList {
    /// The number of inputs.
    pub(crate) fn len(&self) -> i64 {
        number(self.inputs.len())
    }

    /// The number of an input, which is added when it is new.
    fn add(&mut self, input: Input) -> i64 {
        let key = (input.node, input.index);
        let known = if self.inputs.len() <= LINEAR_SEARCH {
            self.inputs
                .iter()
                .position(|known| (known.node, known.index) == key)
        } else {
            if self.numbers.is_empty() {
                self.numbers = self
                    .inputs
                    .iter()
                    .map(|known| (known.node, known.index))
                    .zip(0..)
                    .collect();
            }
            self.numbers.get(&key).copied()
        };
        number(known.unwrap_or_else(|| {
            if !self.numbers.is_empty() {
                self.numbers.insert(key, self.inputs.len());
            }
            self.inputs.push(input);
            self.inputs.len() - 1
        }))
    }

    fn clear(&mut self) {
        self.inputs.clear();
        self.numbers.clear();
    }
}

/// A number as ops name inputs.
fn number(index: usize) -> i64 {
    i64::try_from(index).expect("fewer than 2^63 inputs")
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
