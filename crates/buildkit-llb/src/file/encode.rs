//! The bytes of a file op.

use super::chain::Action;
use crate::cap::Cap;
use crate::encoding::{Encoding, InputList};
use crate::vertex::Slot;
use crate::wire::Writer;

/// No input (scratch), or no output (an action that another goes on from).
const NONE: i64 = -1;

/// A finished file op.
#[derive(Debug)]
pub(crate) struct FileOp {
    /// The actions, chain by chain.
    pub(super) actions: Box<[Vec<Action>]>,
    /// The actions in the order of evaluation.
    pub(super) steps: Box<[Step]>,
    /// The slots in the order in which they become inputs.
    pub(super) order: Box<[Slot]>,
}

/// One action in the order of evaluation.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) chain: usize,
    pub(super) position: usize,
    /// What its chain starts from, where names of users are looked up.
    pub(super) base: Option<Slot>,
    pub(super) input: Link,
    pub(super) secondary: Link,
}

/// What an action reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// Scratch.
    None,
    /// An input of the op.
    Input(Slot),
    /// The result of an earlier step.
    Step(u32),
}

impl FileOp {
    /// Writes the op and asks for what it needs.
    ///
    /// Like BuildKit's client, this asks for `file.base` alone: the capabilities of single actions are never set
    /// there, and a daemon that does not know one would refuse the definition.
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) {
        let mut inputs = InputList::default();
        let mut numbers: Vec<i64> = Vec::with_capacity(self.order.len());
        for slot in &self.order {
            let at = slot.0 as usize;
            numbers.resize(numbers.len().max(at + 1), NONE);
            numbers[at] = inputs.add(encoding.input(*slot));
        }
        let input_count = i64::try_from(inputs.as_slice().len()).expect("fewer than 2^63 inputs");
        let number = |link: Link| match link {
            Link::None => NONE,
            Link::Input(slot) => numbers[slot.0 as usize],
            Link::Step(step) => input_count + i64::from(step),
        };
        encoding.cap(Cap::FILE_BASE);
        encoding.head(inputs.as_slice(), None);
        let last = self.steps.len().saturating_sub(1);
        encoding.writer.message(4, |file| {
            for (at, step) in self.steps.iter().enumerate() {
                let base = step.base.map_or(NONE, |slot| numbers[slot.0 as usize]);
                file.message(2, |action| {
                    action.int(1, number(step.input));
                    action.int(2, number(step.secondary));
                    action.int(3, if at == last { 0 } else { NONE });
                    encode_action(action, &self.actions[step.chain][step.position], base);
                });
            }
        });
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
