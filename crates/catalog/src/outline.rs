//! An artifact as it is after `inherits` and `use`: its steps with those inside them, and where each is declared.

use std::collections::BTreeMap;

use crate::{
    artifact::{Artifact, Base},
    catalog::CheckedCatalog,
    name::VariableName,
    place::{Place, StepPlace},
    step::Step,
    template::{Text as _, variable_of},
};

/// A step, or a part in the place of its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineStep {
    /// The title of the step: `apt install zsh`; of a part: `in part s6`.
    pub title: String,
    /// The place of its declaration, if a file declares it.
    pub place: Option<Place>,
    /// The steps of a group or part, or the parts that a use can stand for.
    pub inside: Vec<OutlineStep>,
}

/// What in an artifact depends on an axis first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisStart {
    /// Its base.
    Base,
    /// The step with this number; the numbers of last steps follow those of its own steps.
    Step(usize),
    /// No step, but a name, such as that of its output.
    Name,
}

impl Artifact {
    /// Its steps and its last steps.
    pub fn outline(&self) -> (Vec<OutlineStep>, Vec<OutlineStep>) {
        let of = |steps: &[Step], first: usize| {
            let steps = (first..).zip(steps);
            let steps = steps.map(|(number, step)| outline(step, self.nested_places(number)));
            steps.collect()
        };
        let last = of(&self.last_steps, self.steps.len() + 1);
        (of(&self.steps, 1), last)
    }
}

fn outline(step: &Step, place: Option<&StepPlace>) -> OutlineStep {
    let inner = |index: usize| place.and_then(|place| place.nested.get(index));
    let of = |steps: &[Step], place: &dyn Fn(usize) -> Option<StepPlace>| {
        let steps = steps.iter().enumerate();
        let steps = steps.map(|(index, step)| outline(step, place(index).as_ref()));
        steps.collect::<Vec<_>>()
    };
    let (title, inside) = match step {
        Step::When(group) => {
            let steps = of(group.steps(), &|index| inner(index).cloned());
            (group.heading(), steps)
        }
        Step::Use(used) => {
            let parts = used.parts().iter().enumerate();
            let parts = parts.map(|(index, part)| {
                let place = inner(index);
                let step = |at: usize| place.and_then(|place| place.nested.get(at)).cloned();
                OutlineStep {
                    title: format!("in part {}", part.name),
                    place: place.map(|place| place.place.clone()),
                    inside: of(&part.steps, &step),
                }
            });
            (step.title(), parts.collect())
        }
        step => (step.title(), Vec::new()),
    };
    OutlineStep {
        title,
        place: place.map(|place| place.place.clone()),
        inside,
    }
}

impl CheckedCatalog {
    /// What depends on each axis of an artifact first: all before it is the same for all values, and built once.
    pub fn axis_starts(&self, artifact: &Artifact) -> BTreeMap<VariableName, AxisStart> {
        let starts = artifact.axes.keys().map(|axis| {
            let start = self.axis_start(artifact, axis);
            (axis.clone(), start)
        });
        starts.collect()
    }

    fn axis_start(&self, artifact: &Artifact, axis: &VariableName) -> AxisStart {
        let is_axis = |name: &str| variable_of(name) == axis.as_str();
        let is_named = match &artifact.base {
            Base::Named(base) => base.names().into_iter().any(is_axis),
            Base::FromLine { .. } => false,
        };
        let bases = self.base_artifacts(artifact);
        if is_named || bases.iter().any(|base| base.axes.contains_key(axis)) {
            return AxisStart::Base;
        }
        let mut steps = artifact.numbered_steps();
        let first = steps.find(|(_, step)| step.names().into_iter().any(is_axis));
        first.map_or(AxisStart::Name, |(number, _)| AxisStart::Step(number))
    }
}
