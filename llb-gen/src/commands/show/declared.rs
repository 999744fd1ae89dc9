//! Where the parts of an artifact are declared: its steps with those that come from parts and templates.

use std::collections::BTreeMap;

use catalog::{Artifact, AxisStart, CheckedCatalog, OutlineStep};
use serde::Serialize;

/// The steps of an artifact as they are after `inherits` and `use`, and the start of each axis.
#[derive(Serialize)]
pub(super) struct Declared {
    pub(super) steps: Vec<Step>,
    #[serde(rename = "finally")]
    pub(super) last_steps: Vec<Step>,
    axes: BTreeMap<String, Start>,
}

/// `"base"`, the number of the first step that depends on the axis, or `null`.
#[derive(Serialize)]
#[serde(untagged)]
enum Start {
    Base(&'static str),
    Step(usize),
    Name(()),
}

/// A step, or a part in the place of its use.
#[derive(Serialize)]
pub(super) struct Step {
    title: String,
    /// The file and line.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inside: Vec<Step>,
}

impl Declared {
    pub(super) fn of(catalog: &CheckedCatalog, artifact: &Artifact) -> Self {
        let (steps, last_steps) = artifact.outline();
        let starts = catalog.axis_starts(artifact).into_iter();
        let starts = starts.map(|(axis, start)| {
            let start = match start {
                AxisStart::Base => Start::Base("base"),
                AxisStart::Step(number) => Start::Step(number),
                AxisStart::Name => Start::Name(()),
            };
            (axis.to_string(), start)
        });
        Self {
            steps: steps.into_iter().map(Step::of).collect(),
            last_steps: last_steps.into_iter().map(Step::of).collect(),
            axes: starts.collect(),
        }
    }
}

impl Step {
    fn of(step: OutlineStep) -> Self {
        Self {
            title: step.title,
            place: step.place.map(|place| place.to_string()),
            inside: step.inside.into_iter().map(Self::of).collect(),
        }
    }

    fn shown(&self) -> String {
        match &self.place {
            Some(place) => format!("{} ({place})", self.title),
            None => self.title.clone(),
        }
    }

    /// The lines of what is inside it, below its own.
    fn add_inside(&self, indent: usize, lines: &mut Vec<String>) {
        for step in &self.inside {
            lines.push(format!("{}{}", " ".repeat(indent), step.shown()));
            step.add_inside(indent + 2, lines);
        }
    }
}

/// The lines of steps, numbered from `first`.
pub(super) fn lines(steps: &[Step], first: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, step) in (first..).zip(steps) {
        lines.push(format!("{number}. {}", step.shown()));
        step.add_inside(3, &mut lines);
    }
    lines
}
