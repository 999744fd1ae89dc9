//! The figures as a table, beside those of the Go client if they are given.

use std::fmt;

use serde::Deserialize;

/// The goal: our largest share of the other side's time and memory, for the large realistic graph.
const GOAL: f64 = 0.2;
/// The graph and step that the goal is about.
const GOAL_GRAPH: (&str, &str) = ("bench-10k", "marshal");

/// The cost of one step of one graph.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) graph: String,
    /// `construct`; `marshal` and `encode` include the steps before them.
    pub(crate) step: String,
    pub(crate) milliseconds: f64,
    pub(crate) bytes: u64,
    pub(crate) allocations: u64,
    pub(crate) head: String,
}

/// Our figures and the other side's.
#[derive(Debug, Default)]
pub(crate) struct Report {
    ours: Vec<Measurement>,
    theirs: Vec<Measurement>,
    has_goals: bool,
}

impl Report {
    /// Takes the other side's figures, one JSON object a line.
    pub(crate) fn compare_with(&mut self, lines: &str) {
        let figures = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of figures"));
        self.theirs.extend(figures);
    }

    /// Makes missed goals a failure.
    pub(crate) fn require_goals(&mut self) {
        self.has_goals = true;
    }

    /// Adds figures of ours; the other side must have built the same graph.
    pub(crate) fn add(&mut self, ours: Measurement) {
        if let Some(theirs) = self.their(&ours) {
            assert_eq!(
                theirs.head, ours.head,
                "{}: both sides build the same graph",
                ours.graph
            );
        }
        self.ours.push(ours);
    }

    /// Whether all goals are met, if goals are checked.
    pub(crate) fn is_met(&self) -> bool {
        let goal = self
            .ours
            .iter()
            .find(|ours| (&*ours.graph, &*ours.step) == GOAL_GRAPH);
        let ratios = goal.and_then(|ours| Some(Ratios::new(ours, self.their(ours)?)));
        !self.has_goals || ratios.is_some_and(|ratios| ratios.time <= GOAL && ratios.memory <= GOAL)
    }

    fn their(&self, ours: &Measurement) -> Option<&Measurement> {
        self.theirs
            .iter()
            .find(|theirs| (&theirs.graph, &theirs.step) == (&ours.graph, &ours.step))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12}{:<11}{:>10}{:>10}{:>13}",
            "graph", "step", "ms", "MB", "allocations"
        )?;
        let header = ["Go ms", "Go MB", "time", "memory"]
            .map(|title| format!("{title:>10}"))
            .concat();
        writeln!(f, "{}", if self.theirs.is_empty() { "" } else { &header })?;
        for ours in &self.ours {
            let megabytes = megabytes(ours.bytes);
            write!(
                f,
                "{:<12}{:<11}{:>10.2}{megabytes:>10.2}",
                ours.graph, ours.step, ours.milliseconds
            )?;
            write!(f, "{:>13}", ours.allocations)?;
            if let Some(theirs) = self.their(ours) {
                let Ratios { time, memory } = Ratios::new(ours, theirs);
                write!(
                    f,
                    "{:>10.2}{:>10.2}",
                    theirs.milliseconds,
                    self::megabytes(theirs.bytes)
                )?;
                write!(f, "{time:>10.3}{memory:>10.3}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Our share of the other side's figures.
struct Ratios {
    time: f64,
    memory: f64,
}

impl Ratios {
    fn new(ours: &Measurement, theirs: &Measurement) -> Self {
        let memory = megabytes(ours.bytes) / megabytes(theirs.bytes);
        Self {
            time: ours.milliseconds / theirs.milliseconds,
            memory,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "for reading; far below 2^52 bytes"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
