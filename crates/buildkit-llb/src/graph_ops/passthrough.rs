//! States passed on unchanged, once others are done.

use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;
use crate::vertex::{Op, Output, Slot, Slots, Vertex};
use std::sync::Arc;

/// Passes states on unchanged, in one vertex that also depends on others. Mirrors `llb.NewPassthroughOp`; needs
/// BuildKit 0.31.
///
/// Scratch inputs are left out. At least one output must remain, else marshalling one of the states is an error.
#[derive(Debug, Clone)]
#[must_use = "a passthrough does nothing until its states are used"]
pub struct Passthrough {
    id: String,
    inputs: Vec<(State, Role)>,
    options: Options,
}

/// The use of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The input is also an output.
    Output,
    /// The input must only be done.
    Dependency,
}

/// A finished passthrough.
#[derive(Debug)]
pub(crate) struct PassthroughOp {
    id: String,
    outputs: Vec<Slot>,
}

impl Passthrough {
    /// A passthrough by its id, which must not be empty: the id tells its cache key from others'.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            inputs: Vec::new(),
            options: Options::default(),
        }
    }

    /// Adds a state that is passed on.
    pub fn output(mut self, state: &State) -> Self {
        self.inputs.push((state.clone(), Role::Output));
        self
    }

    /// Adds a state that must be done, and is not passed on.
    pub fn dependency(mut self, state: &State) -> Self {
        self.inputs.push((state.clone(), Role::Dependency));
        self
    }

    vertex_option_methods!();

    /// The states that are passed on, in the order in which they were added, with their values. Scratch beside other
    /// states stays scratch; alone, it would not wait for anything, and is an error to marshal.
    pub fn states(self) -> Vec<State> {
        let mut inputs = Slots::default();
        let mut outputs = Vec::new();
        for (state, role) in &self.inputs {
            if let Some(output) = &state.output {
                let slot = inputs.push(output.clone());
                outputs.extend((*role == Role::Output).then_some(slot));
            }
        }
        let is_nothing = outputs.is_empty();
        let no_output = is_nothing.then_some(OpError::NoPassthroughOutput);
        let no_id = self.id.is_empty().then_some(OpError::EmptyPassthroughId);
        let op = Op::Passthrough(PassthroughOp {
            id: self.id,
            outputs,
        });
        let vertex = Arc::new(Vertex::new(op, self.options, inputs.0, no_id.or(no_output)));
        let mut indexes = 0..;
        let handed_on = self
            .inputs
            .into_iter()
            .filter(|(_, role)| *role == Role::Output);
        handed_on
            .map(|(state, _)| {
                let is_handed_on = is_nothing || state.output.is_some();
                let output = if is_handed_on { indexes.next() } else { None };
                state.with_output(output.map(|index| Output {
                    vertex: vertex.clone(),
                    index,
                }))
            })
            .collect()
    }
}

vertex_options!(Passthrough);

impl PassthroughOp {
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) {
        encoding.cap(Cap::PASSTHROUGH_OP);
        encoding.head_of_all(None);
        encoding.writer.message(8, |passthrough| {
            passthrough.string(1, &self.id);
            passthrough.packed_ints(2, self.outputs.iter().map(|slot| slot.0.into()));
        });
    }
}
