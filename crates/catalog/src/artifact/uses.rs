//! The way from an artifact to a step that is inside a part.

use super::Artifact;
use crate::{
    place::{PartUse, StepPlace},
    step::Step,
};

impl Artifact {
    /// The uses of parts that lead to a step inside the step with this number, the innermost first. `nested` is the way
    /// as [`place_within`](Self::place_within) takes it.
    pub(crate) fn uses(&self, number: usize, nested: &[usize]) -> Vec<PartUse> {
        let mut steps = self.numbered_steps();
        let Some((_, step)) = steps.find(|(at, _)| *at == number) else {
            return Vec::new();
        };
        let place = self.nested_places(number);
        let mut uses = Vec::new();
        walk(step, place, nested, self.name.to_string(), &mut uses);
        uses.reverse();
        uses
    }
}

/// Follows `nested` from a step that `owner` has.
fn walk(
    step: &Step,
    place: Option<&StepPlace>,
    nested: &[usize],
    owner: String,
    uses: &mut Vec<PartUse>,
) {
    match (step, nested) {
        (Step::When(group), [index, rest @ ..]) => {
            if let Some(step) = group.steps().get(*index) {
                walk(step, inside(place, *index), rest, owner, uses);
            }
        }
        (Step::Use(call), [index, rest @ ..]) => {
            let Some(part) = call.parts().get(*index) else {
                return;
            };
            uses.push(PartUse {
                part: part.name.to_string(),
                user: owner,
                place: place.map(|place| place.place.clone()),
            });
            let place = inside(place, *index);
            if let [index, rest @ ..] = rest
                && let Some(step) = part.steps.get(*index)
            {
                let owner = format!("part {}", part.name);
                walk(step, inside(place, *index), rest, owner, uses);
            }
        }
        _ => {}
    }
}

fn inside(place: Option<&StepPlace>, index: usize) -> Option<&StepPlace> {
    place.and_then(|place| place.nested.get(index))
}
