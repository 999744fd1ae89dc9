//! From actions that copy from trees of actions to one list in the order of evaluation.
//!
//! Two orders matter. The graph below a file op is walked from its last action back to its first, which decides the
//! order of a definition; the op's own inputs are numbered from the first action on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chain::{Action, Tree};
use super::copy::SourceVariant;
use super::encode::{FileOp, Link, Step};
use crate::vertex::{Output, Slot, Slots};

/// A tree whose copies name their sources by slot or by chain.
struct Chain {
    base: Option<Output>,
    base_slot: Option<Slot>,
    actions: Vec<Action>,
    /// What each action copies from.
    sources: Vec<Source>,
    /// The step that its last action became.
    last_step: Option<u32>,
}

enum Source {
    None,
    Output(Output),
    Slot(Slot),
    Chain(usize),
}

/// The file op of `tree`, and its inputs.
pub(super) fn flatten(tree: Tree) -> (FileOp, Slots) {
    let mut chains = collect_chains(tree);
    let slots = assign_slots(&mut chains);
    let (steps, order) = order_steps(&mut chains);
    let actions = chains.into_iter().map(|chain| chain.actions).collect();
    (
        FileOp {
            actions,
            steps: steps.into(),
            order: order.into(),
        },
        slots,
    )
}

/// The chains of `tree` and of every tree that it copies from, each tree once; the first is `tree` itself.
fn collect_chains(mut tree: Tree) -> Vec<Chain> {
    let mut known: BTreeMap<*const Tree, usize> = BTreeMap::new();
    let mut trees: Vec<Arc<Tree>> = Vec::new();
    let mut chains = vec![Chain::new(
        tree.base.take(),
        std::mem::take(&mut tree.actions),
    )];
    let mut next = 0;
    while next < chains.len() {
        for position in 0..chains[next].actions.len() {
            let Action::Copy(copy) = &mut chains[next].actions[position] else {
                continue;
            };
            let nothing = SourceVariant::State {
                output: None,
                dir: Arc::default(),
            };
            let source = match std::mem::replace(&mut copy.source.0, nothing) {
                SourceVariant::State { output: None, .. } => Source::None,
                SourceVariant::State {
                    output: Some(output),
                    ..
                } => Source::Output(output),
                SourceVariant::Tree(tree) => {
                    let index = *known.entry(Arc::as_ptr(&tree.0)).or_insert_with(|| {
                        chains.push(Chain::new(tree.0.base.clone(), tree.0.actions.clone()));
                        // Held until all are collected, so that no other tree gets its address.
                        trees.push(tree.0);
                        chains.len() - 1
                    });
                    Source::Chain(index)
                }
            };
            chains[next].sources[position] = source;
        }
        next += 1;
    }
    chains
}

/// Gives every input a slot, from the last action back, each chain where it is first met.
fn assign_slots(chains: &mut [Chain]) -> Slots {
    let mut slots = Slots(Vec::with_capacity(chains[0].actions.len() + 1));
    let mut is_entered = vec![false; chains.len()];
    let mut frames = vec![(0, chains[0].actions.len())];
    while let Some((chain, left)) = frames.pop() {
        let current = &mut chains[chain];
        if !is_entered[chain] {
            is_entered[chain] = true;
            current.base_slot = current.base.take().map(|output| slots.push(output));
        }
        let Some(position) = left.checked_sub(1) else {
            continue;
        };
        frames.push((chain, position));
        match std::mem::replace(&mut current.sources[position], Source::None) {
            Source::Output(output) => current.sources[position] = Source::Slot(slots.push(output)),
            Source::Chain(nested) => {
                current.sources[position] = Source::Chain(nested);
                if !is_entered[nested] {
                    frames.push((nested, chains[nested].actions.len()));
                }
            }
            Source::None | Source::Slot(_) => {}
        }
    }
    slots
}

/// The actions in the order of evaluation, and the slots in the order in which they become inputs.
fn order_steps(chains: &mut [Chain]) -> (Vec<Step>, Vec<Slot>) {
    let mut steps: Vec<Step> =
        Vec::with_capacity(chains.iter().map(|chain| chain.actions.len()).sum());
    let mut order = Vec::with_capacity(chains[0].actions.len() + 1);
    let mut frames = vec![(0, 0)];
    while let Some((chain, position)) = frames.pop() {
        let current = &chains[chain];
        let Some(source) = current.sources.get(position) else {
            continue;
        };
        if position == 0 {
            order.extend(current.base_slot);
        }
        let secondary = match source {
            Source::Slot(slot) => {
                order.push(*slot);
                Link::Input(*slot)
            }
            Source::Chain(nested) if !chains[*nested].actions.is_empty() => {
                if let Some(step) = chains[*nested].last_step {
                    Link::Step(step)
                } else {
                    frames.extend([(chain, position), (*nested, 0)]);
                    continue;
                }
            }
            _ => Link::None,
        };
        let input = match (position, current.base_slot) {
            (0, None) => Link::None,
            (0, Some(slot)) => Link::Input(slot),
            // The step of the action before; it is last among those of its chain so far.
            _ => current.last_step.map_or(Link::None, Link::Step),
        };
        let number = u32::try_from(steps.len()).expect("fewer than 2^32 actions");
        steps.push(Step {
            chain,
            position,
            base: current.base_slot,
            input,
            secondary,
        });
        chains[chain].last_step = Some(number);
        frames.push((chain, position + 1));
    }
    (steps, order)
}

impl Chain {
    fn new(base: Option<Output>, actions: Vec<Action>) -> Self {
        let sources = actions.iter().map(|_| Source::None).collect();
        Self {
            base,
            base_slot: None,
            actions,
            sources,
            last_step: None,
        }
    }
}
