//! Parts: steps with a name, which artifacts use with values for their parameters.

use crate::{
    name::{PartName, VariableName},
    place::{Place, StepPlace},
    problem::Problem,
    step::Step,
};

/// Steps that several artifacts, or several variants of one, have in common.
#[derive(Debug, Clone)]
pub struct Part {
    pub(crate) name: PartName,
    pub(crate) parameters: Vec<VariableName>,
    pub(crate) steps: Vec<Step>,
    pub(crate) last_steps: Vec<Step>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) places: PartPlaces,
}

/// The places of a part and of its steps in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartPlaces {
    pub(crate) part: Option<Place>,
    pub(crate) steps: Vec<StepPlace>,
    pub(crate) last_steps: Vec<StepPlace>,
}

impl Part {
    /// A part without steps.
    pub fn new(name: &str) -> Self {
        let problems = name.parse::<PartName>().err().map(Problem::Name);
        Self {
            name: PartName::unchecked(name),
            parameters: Vec::new(),
            steps: Vec::new(),
            last_steps: Vec::new(),
            problems: problems.into_iter().collect(),
            places: PartPlaces::default(),
        }
    }

    /// A parameter: a variable that every [`Use`](crate::Use) of the part gives a value.
    pub fn parameter(mut self, name: &str) -> Self {
        match name.parse() {
            Ok(name) => self.parameters.push(name),
            Err(error) => self.problems.push(Problem::Name(error)),
        }
        self
    }

    /// Appends a step.
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// Appends a last step, which an artifact that uses the part has [at its end](crate::Artifact::finally).
    pub fn finally(mut self, step: impl Into<Step>) -> Self {
        self.last_steps.push(step.into());
        self
    }

    /// The same part, declared at `places` in a file.
    pub(crate) fn declared_at(mut self, places: PartPlaces) -> Self {
        self.places = places;
        self
    }

    /// The place of a step of the part.
    pub(crate) fn step_place(&self, is_last: bool, nested: &[usize]) -> Option<&Place> {
        let (first, rest) = nested.split_first()?;
        let steps = if is_last {
            &self.places.last_steps
        } else {
            &self.places.steps
        };
        steps.get(*first)?.within(rest)
    }
}
