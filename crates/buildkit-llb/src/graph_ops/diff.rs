//! The diff between two states.

use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;
use crate::vertex::{Op, Output, Slot, Slots, Vertex};

/// The diff from `lower` to `upper`: added, changed and deleted files, to be merged onto other states. Mirrors
/// `llb.Diff`.
///
/// If `lower` is scratch, the diff is `upper` itself; if both are, it is scratch without environment and the like.
#[derive(Debug, Clone)]
#[must_use = "a diff does nothing until its state is used"]
pub struct Diff {
    lower: State,
    upper: State,
    options: Options,
}

/// A finished diff.
#[derive(Debug)]
pub(crate) struct DiffOp {
    lower: Slot,
    upper: Option<Slot>,
}

impl Diff {
    /// The difference from `lower` to `upper`.
    pub fn new(lower: &State, upper: &State) -> Self {
        Self {
            lower: lower.clone(),
            upper: upper.clone(),
            options: Options::default(),
        }
    }

    vertex_option_methods!();

    /// The difference as a state, with the values of `lower`.
    pub fn state(self) -> State {
        let Some(lower) = self.lower.output.clone() else {
            return if self.upper.is_scratch() {
                State::scratch()
            } else {
                self.upper
            };
        };
        let mut inputs = Slots::default();
        let op = DiffOp {
            lower: inputs.push(lower),
            upper: self.upper.output.clone().map(|output| inputs.push(output)),
        };
        let vertex = Vertex::new(Op::Diff(op), self.options, inputs.0, None);
        self.lower.with_output(Some(Output::new(vertex, 0)))
    }
}

vertex_options!(Diff);

impl DiffOp {
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) {
        encoding.cap(Cap::DIFF_OP);
        encoding.head_of_all(None);
        encoding.writer.message(7, |diff| {
            diff.message(1, |lower| lower.int(1, self.lower.0.into()));
            diff.message(2, |upper| {
                upper.int(1, self.upper.map_or(-1, |slot| slot.0.into()));
            });
        });
    }
}
