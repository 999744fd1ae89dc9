//! From actions that copy from trees of actions to the chains of one op.
//!
//! Two orders matter. The graph below a file op is walked from its last action back to its first, which decides the
//! order of a definition; the op's own actions and inputs are numbered from the first action on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chain::Tree;
use super::copy::Source;
use super::encode::{Chain, FileOp};
use crate::vertex::{Output, Slot, Slots};

/// The file op of `tree`, and its inputs.
pub(super) fn flatten(tree: Tree) -> (FileOp, Slots) {
    let (mut chains, bases) = collect_chains(tree);
    let slots = assign_slots(&mut chains, bases);
    let (order, numbered) = if chains.len() == 1 {
        Default::default()
    } else {
        order_steps(&mut chains)
    };
    (
        FileOp {
            chains: chains.into(),
            order: order.into(),
            numbered: numbered.into(),
        },
        slots,
    )
}

/// The chains of `tree` and of every tree that it copies from, each tree once, and the states that they start from. The
/// first chain is that of `tree` itself.
fn collect_chains(mut tree: Tree) -> (Vec<Chain>, Vec<Option<Output>>) {
    let mut known: BTreeMap<*const Tree, usize> = BTreeMap::new();
    let mut trees: Vec<Arc<Tree>> = Vec::new();
    let mut bases = vec![tree.base.take()];
    let mut chains = vec![Chain {
        base: None,
        actions: std::mem::take(&mut tree.actions),
    }];
    let mut next = 0;
    while next < chains.len() {
        for position in 0..chains[next].actions.len() {
            let next_number = chains.len();
            let Some(source) = chains[next].actions[position].source_mut() else {
                continue;
            };
            let Source::Tree(tree) = source else { continue };
            let number = known
                .get(&Arc::as_ptr(&tree.0))
                .copied()
                .unwrap_or(next_number);
            let Source::Tree(tree) = std::mem::replace(source, Source::Chain(number)) else {
                continue;
            };
            if number == next_number {
                known.insert(Arc::as_ptr(&tree.0), number);
                bases.push(tree.0.base.clone());
                chains.push(Chain {
                    base: None,
                    actions: tree.0.actions.clone(),
                });
                // Held until all are collected, so that no other tree gets its address.
                trees.push(tree.0);
            }
        }
        next += 1;
    }
    (chains, bases)
}

/// Gives every input a slot, from the last action back, each chain where it is first met.
fn assign_slots(chains: &mut [Chain], mut bases: Vec<Option<Output>>) -> Slots {
    let mut slots = Slots(Vec::with_capacity(chains[0].actions.len() + 1));
    let mut is_entered = vec![false; chains.len()];
    let mut frames = vec![(0, chains[0].actions.len())];
    while let Some((chain, left)) = frames.pop() {
        if !is_entered[chain] {
            is_entered[chain] = true;
            chains[chain].base = bases[chain].take().map(|output| slots.push(output));
        }
        let Some(position) = left.checked_sub(1) else {
            continue;
        };
        frames.push((chain, position));
        let Some(source) = chains[chain].actions[position].source_mut() else {
            continue;
        };
        match source {
            Source::Output(output) => *source = Source::Slot(slots.push(output.clone())),
            Source::Chain(nested) if !is_entered[*nested] => {
                let nested = *nested;
                frames.push((nested, chains[nested].actions.len()));
            }
            _ => {}
        }
    }
    slots
}

/// The actions as chain and position in the order of evaluation, and the inputs in the order in which they are
/// numbered; copies from a chain become copies from its last step.
fn order_steps(chains: &mut [Chain]) -> (Vec<(usize, usize)>, Vec<Slot>) {
    let mut order = Vec::new();
    let mut numbered = Vec::new();
    let mut last_steps: Vec<Option<usize>> = vec![None; chains.len()];
    let mut frames = vec![(0, 0)];
    while let Some((chain, position)) = frames.pop() {
        if position == chains[chain].actions.len() {
            continue;
        }
        // The start of a chain gets its number before the state that the chain's first action copies from.
        numbered.extend(chains[chain].base);
        if let Some(source) = chains[chain].actions[position].source_mut()
            && let Source::Chain(nested) = *source
        {
            match last_steps[nested] {
                Some(step) => *source = Source::Step(step),
                None if chains[nested].actions.is_empty() => {
                    *chains[chain].actions[position]
                        .source_mut()
                        .expect("it is a copy") = Source::Scratch;
                }
                None => {
                    frames.extend([(chain, position), (nested, 0)]);
                    continue;
                }
            }
        }
        if let Some(Source::Slot(slot)) = chains[chain].actions[position].source_mut() {
            numbered.push(*slot);
        }
        if position + 1 == chains[chain].actions.len() {
            last_steps[chain] = Some(order.len());
        }
        order.push((chain, position));
        frames.push((chain, position + 1));
    }
    (order, numbered)
}
