//! The bytes of a file op.

use super::chain::Action;
use super::copy::Source;
use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::vertex::Slot;
use crate::wire::Writer;

/// No input (scratch), or no output (an action that another goes on from).
const NONE: i64 = -1;

/// A finished file op.
#[derive(Debug)]
pub(crate) struct FileOp {
    /// The last action of the first chain makes the result.
    pub(super) chains: Box<[Chain]>,
    /// The actions as chain and position in the order of evaluation; empty if there is one chain, in its own order.
    pub(super) order: Box<[(usize, usize)]>,
    /// The inputs in the order of their numbers, if that is not the order of evaluation.
    pub(super) numbered: Box<[Slot]>,
}

/// Actions that go on from each other.
#[derive(Debug)]
pub(super) struct Chain {
    /// The state that the first action starts from, in which names of users are looked up; `None` for scratch.
    pub(super) base: Option<Slot>,
    pub(super) actions: Vec<Action>,
}

impl FileOp {
    /// Writes the op, and asks for the capabilities that it needs.
    ///
    /// Like BuildKit's client, this asks for `file.base` alone: the capabilities of single actions are never set
    /// there, and a daemon that does not know one would refuse the definition.
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) {
        self.number_inputs(encoding);
        encoding.cap(Cap::FILE_BASE);
        encoding.head(None);
        // Inputs come first, then the actions as they are evaluated.
        let input_count = encoding.inputs.len();
        let number_of_step =
            |step: usize| input_count + i64::try_from(step).expect("fewer than 2^63 actions");
        let numbers = &*encoding.numbers;
        let number_of = |slot: Option<Slot>| slot.map_or(NONE, |slot| numbers[slot.0 as usize]);
        let last = self.order().count().saturating_sub(1);
        let mut steps_before: Vec<Option<usize>> = vec![None; self.chains.len()];
        encoding.writer.message(4, |file| {
            for (step, (chain, position)) in self.order().enumerate() {
                let Chain { base, actions } = &self.chains[chain];
                let action = &actions[position];
                let input = steps_before[chain]
                    .replace(step)
                    .map_or(number_of(*base), number_of_step);
                let secondary = match action.source() {
                    Some(Source::Slot(slot)) => number_of(Some(*slot)),
                    Some(Source::Step(step)) => number_of_step(*step),
                    _ => NONE,
                };
                file.message(2, |message| {
                    message.int(1, input);
                    message.int(2, secondary);
                    message.int(3, if step == last { 0 } else { NONE });
                    encode_action(message, action, number_of(*base));
                });
            }
        });
    }

    /// Numbers the inputs: for each action the start of its chain, then the state that it copies from.
    fn number_inputs(&self, encoding: &mut Encoding<'_>) {
        for slot in &self.numbered {
            encoding.number(*slot);
        }
        for (chain, position) in self.order() {
            let Chain { base, actions } = &self.chains[chain];
            if let Some(base) = base {
                encoding.number(*base);
            }
            if let Some(Source::Slot(slot)) = actions[position].source() {
                encoding.number(*slot);
            }
        }
    }

    /// The actions in the order of evaluation.
    fn order(&self) -> impl Iterator<Item = (usize, usize)> {
        let only_chain = if self.order.is_empty() {
            self.chains[0].actions.len()
        } else {
            0
        };
        self.order
            .iter()
            .copied()
            .chain((0..only_chain).map(|position| (0, position)))
    }
}

/// Writes the member of `FileAction.action`.
fn encode_action(writer: &mut Writer, action: &Action, base: i64) {
    match action {
        Action::Copy(copy) => writer.message(4, |message| copy.encode(message, base)),
        Action::Mkfile(mkfile) => writer.message(5, |message| mkfile.encode(message, base)),
        Action::Mkdir(mkdir) => writer.message(6, |message| mkdir.encode(message, base)),
        Action::Rm(rm) => writer.message(7, |message| rm.encode(message)),
        Action::Symlink(symlink) => writer.message(8, |message| symlink.encode(message, base)),
    }
}
