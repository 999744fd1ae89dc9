//! The walk through two graphs: from their heads down, along the spines, into the other reads of steps.

use std::collections::{BTreeSet, VecDeque};

use super::{
    Cause, Difference, Side,
    align::{Pair, align},
    own,
    side::Graph,
};

pub(super) struct Comparison<'a> {
    old: Graph<'a>,
    new: Graph<'a>,
    seen: BTreeSet<(usize, usize)>,
    /// Differences that a lower vertex has already: a variable that is set once is in the environment of every command
    /// after it.
    told: BTreeSet<Difference>,
    has_other_base: bool,
    found: Vec<Found>,
}

/// A cause with the place of its vertex, by which causes are sorted.
struct Found {
    place: usize,
    cause: Cause,
}

/// Two vertices to compare, and the steps that read them, nearest first.
struct Task {
    old: usize,
    new: usize,
    above: Vec<String>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: Side<'a>, new: Side<'a>) -> Self {
        Self {
            old: Graph::new(old),
            new: Graph::new(new),
            seen: BTreeSet::new(),
            told: BTreeSet::new(),
            has_other_base: false,
            found: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Vec<Cause> {
        let (Some(old), Some(new)) = (self.old.head(), self.new.head()) else {
            return Vec::new();
        };
        let mut tasks = VecDeque::from([Task {
            old,
            new,
            above: Vec::new(),
        }]);
        while let Some(task) = tasks.pop_front() {
            if self.differ(task.old, task.new) && self.seen.insert((task.old, task.new)) {
                self.spines(&task, &mut tasks);
            }
        }
        self.found.sort_by_key(|found| found.place);
        let mut causes: Vec<Cause> = Vec::new();
        for Found { mut cause, .. } in self.found {
            // In the order of the graph, so that the lowest vertex keeps the difference.
            cause.differences.retain(|difference| {
                let is_known = difference.is_shared() && !self.told.insert(difference.clone());
                self.told.extend(difference.of_later_commands());
                let follows = self.has_other_base && difference.follows_from_base();
                !(is_known || follows)
            });
            if !cause.differences.is_empty() {
                causes.push(cause);
            }
        }
        causes
    }

    fn differ(&self, old: usize, new: usize) -> bool {
        self.old.entry(old).digest() != self.new.entry(new).digest()
    }

    /// Compares two vertices and all states before them, from the lowest up.
    fn spines(&mut self, task: &Task, tasks: &mut VecDeque<Task>) {
        let mut old = self.old.spine(task.old);
        let mut new = self.new.spine(task.new);
        old.reverse();
        new.reverse();
        let pairs = {
            let same = |i: usize, j: usize| self.old.own(old[i]) == self.new.own(new[j]);
            let alike =
                |i: usize, j: usize| own::is_alike(self.old.entry(old[i]), self.new.entry(new[j]));
            align(old.len(), new.len(), same, alike)
        };
        for pair in pairs {
            match pair {
                Pair::Both(i, j) => {
                    let above = || self.chain(&new, j, &task.above);
                    if self.old.own(old[i]) != self.new.own(new[j]) {
                        let differences =
                            own::differences((&self.old, old[i]), (&self.new, new[j]));
                        let chain = above();
                        self.tell(new[j], differences, chain);
                    }
                    self.reads(old[i], new[j], &new, j, &task.above, tasks);
                }
                Pair::Old(i) => {
                    let title = self.old.called(old[i]);
                    // It is reported at the first step that is in its place.
                    let place = new.get(i).copied().unwrap_or(task.new);
                    let chain = self.chain(&new, i.saturating_sub(1), &task.above);
                    self.tell(place, vec![Difference::StepRemoved { title }], chain);
                }
                Pair::New(j) => {
                    let title = self.new.called(new[j]);
                    let chain = self.chain(&new, j, &task.above);
                    self.tell(new[j], vec![Difference::StepAdded { title }], chain);
                }
            }
        }
    }

    /// The other reads of two vertices, paired by name.
    fn reads(
        &self,
        old: usize,
        new: usize,
        spine: &[usize],
        place: usize,
        above: &[String],
        tasks: &mut VecDeque<Task>,
    ) {
        if !self.differ(old, new) {
            return;
        }
        let before = self.old.reads(old);
        for (name, vertex) in self.new.reads(new) {
            let Some((_, old)) = before.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            if self.differ(*old, vertex) {
                let mut chain: Vec<String> = self.new.step(new).into_iter().collect();
                chain.extend(self.chain(spine, place, above));
                tasks.push_back(Task {
                    old: *old,
                    new: vertex,
                    above: chain,
                });
            }
        }
    }

    /// The steps above the vertex at `place` of a spine, nearest first.
    fn chain(&self, spine: &[usize], place: usize, above: &[String]) -> Vec<String> {
        let own = spine
            .iter()
            .skip(place + 1)
            .filter_map(|vertex| self.new.step(*vertex));
        let mut chain: Vec<String> = Vec::new();
        for step in own.chain(above.iter().cloned()) {
            if chain.last() != Some(&step) {
                chain.push(step);
            }
        }
        chain
    }

    fn tell(&mut self, vertex: usize, differences: Vec<Difference>, chain: Vec<String>) {
        let is_source = |difference: &Difference| matches!(difference, Difference::Source { .. });
        self.has_other_base |= differences.iter().any(is_source);
        let step = match &differences[..] {
            [Difference::StepRemoved { title }] => title.clone(),
            _ => self.new.called(vertex),
        };
        self.found.push(Found {
            place: vertex,
            cause: Cause {
                step,
                differences,
                chain,
            },
        });
    }
}
