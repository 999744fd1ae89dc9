//! States laid over each other.

use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;
use crate::vertex::{Op, Output, Vertex};

/// States laid over each other, later ones on top. Mirrors `llb.Merge`.
///
/// Scratch inputs are left out. Of none, the result is scratch; of one, that state itself.
#[derive(Debug, Clone)]
#[must_use = "a merge does nothing until its state is used"]
pub struct Merge {
    states: Vec<State>,
    options: Options,
}

/// A finished merge: it has at least two inputs, and may have one twice.
#[derive(Debug)]
pub(crate) struct MergeOp {
    input_count: usize,
}

impl Merge {
    /// The given states, the lowest first.
    pub fn new(states: impl IntoIterator<Item = State>) -> Self {
        let states = states
            .into_iter()
            .filter(|state| !state.is_scratch())
            .collect();
        Self {
            states,
            options: Options::default(),
        }
    }

    vertex_option_methods!();

    /// The merged state, with the values of the lowest that is not scratch.
    pub fn state(mut self) -> State {
        if self.states.len() < 2 {
            return self.states.pop().unwrap_or_default();
        }
        let inputs = self
            .states
            .iter()
            .filter_map(|state| state.output.clone())
            .collect();
        let vertex = Vertex::new(
            Op::Merge(MergeOp {
                input_count: self.states.len(),
            }),
            self.options,
            inputs,
            None,
        );
        self.states[0].with_output(Some(Output::new(vertex, 0)))
    }
}

vertex_options!(Merge);

impl MergeOp {
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) {
        encoding.cap(Cap::MERGE_OP);
        encoding.head_of_all(None);
        encoding.writer.message(6, |merge| {
            for number in (0..).take(self.input_count) {
                merge.message(1, |input| input.int(1, number));
            }
        });
    }
}
