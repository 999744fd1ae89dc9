//! Parts in the place of their uses. A use keeps its name and its parameters, and holds the steps of every part that its
//! name can stand for, since the name may depend on the variant.

use crate::{
    artifact::Artifact,
    condition::matches,
    part::Part,
    place::{Place, StepPlace},
    step::{Step, Use, UsedPart, When},
    template::Variables,
};

/// Puts the parts into the steps of `artifact`, and their last steps before its own.
pub(super) fn expand(artifact: &mut Artifact, parts: &[Part]) {
    let known = artifact.scope.variables();
    let expander = Expander { parts, known };
    let has_places = artifact.place().is_some();
    let places = &artifact.places;
    let mut way = Vec::new();
    let steps = expander.list(&artifact.steps, &places.steps, List::Steps, &mut way);
    let own_last = expander.list(
        &artifact.last_steps,
        &places.last_steps,
        List::Last,
        &mut way,
    );
    let (steps, of_parts): (Vec<_>, Vec<_>) =
        steps.into_iter().map(|step| (step.own, step.last)).unzip();
    let last = of_parts.into_iter().flatten();
    let last: Vec<Placed> = last
        .chain(own_last.into_iter().map(|step| step.own))
        .collect();
    let (steps, step_places) = unzip(steps);
    let (last_steps, last_places) = unzip(last);
    artifact.steps = steps;
    artifact.last_steps = last_steps;
    if has_places {
        artifact.places.steps = step_places;
        artifact.places.last_steps = last_places;
    }
}

/// A step with its place, if a file declares it.
#[derive(Clone)]
struct Placed {
    step: Step,
    place: Option<StepPlace>,
}

/// A step with parts in it, and the last steps that come with these.
struct Expanded {
    own: Placed,
    last: Vec<Placed>,
}

/// Which steps of a part are put in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Steps,
    Last,
}

struct Expander<'a> {
    parts: &'a [Part],
    /// The values that are the same in all variants of the artifact.
    known: Variables,
}

impl<'a> Expander<'a> {
    /// `way` are the parts that lead here.
    fn list(
        &self,
        steps: &[Step],
        places: &[StepPlace],
        which: List,
        way: &mut Vec<&'a Part>,
    ) -> Vec<Expanded> {
        let steps = steps.iter().enumerate();
        let expanded = steps.map(|(index, step)| self.step(step, places.get(index), which, way));
        expanded.collect()
    }

    fn step(
        &self,
        step: &Step,
        place: Option<&StepPlace>,
        which: List,
        way: &mut Vec<&'a Part>,
    ) -> Expanded {
        match step {
            Step::When(group) => self.group(group, place, which, way),
            Step::Use(used) => self.used(used, place, which, way),
            step => Expanded {
                own: Placed {
                    step: step.clone(),
                    place: place.cloned(),
                },
                last: Vec::new(),
            },
        }
    }

    fn group(
        &self,
        group: &When,
        place: Option<&StepPlace>,
        which: List,
        way: &mut Vec<&'a Part>,
    ) -> Expanded {
        let nested = place.map(|place| &place.nested[..]).unwrap_or_default();
        let steps = self.list(group.steps(), nested, which, way);
        let (own, last): (Vec<_>, Vec<_>) =
            steps.into_iter().map(|step| (step.own, step.last)).unzip();
        let of = |steps: Vec<Placed>| {
            let (steps, nested) = unzip(steps);
            Placed {
                step: group.with_steps(steps).into(),
                place: place.map(|place| StepPlace {
                    place: place.place.clone(),
                    nested,
                }),
            }
        };
        let last: Vec<Placed> = last.into_iter().flatten().collect();
        Expanded {
            own: of(own),
            last: (!last.is_empty()).then(|| of(last)).into_iter().collect(),
        }
    }

    fn used(
        &self,
        used: &Use,
        place: Option<&StepPlace>,
        which: List,
        way: &mut Vec<&'a Part>,
    ) -> Expanded {
        let pattern = used.name().pattern(&self.known);
        let named = self.parts.iter();
        let named = named.filter(|part| matches(&pattern, part.name.as_str()));
        let (mut own, mut last) = (Candidates::default(), Candidates::default());
        for part in named {
            let (steps, last_steps) = self.part(part, which, way);
            let circle = way.iter().position(|above| above.name == part.name);
            let circle = circle.map(|begin| {
                let round = way[begin..].iter().copied().chain([part]);
                round.map(|part| part.name.to_string()).collect()
            });
            own.add(part, steps, circle, place);
            last.add(part, last_steps, None, place);
        }
        let has_last = last.parts.iter().any(|part| !part.steps.is_empty());
        Expanded {
            own: own.of(used, place, self.parts),
            last: has_last
                .then(|| last.of(used, place, self.parts))
                .into_iter()
                .collect(),
        }
    }

    /// The steps of a part and its last steps; none in a circle.
    fn part(
        &self,
        part: &'a Part,
        which: List,
        way: &mut Vec<&'a Part>,
    ) -> (Vec<Placed>, Vec<Placed>) {
        if way.iter().any(|above| above.name == part.name) {
            return (Vec::new(), Vec::new());
        }
        way.push(part);
        let places = &part.places;
        let last = self.list(&part.last_steps, &places.last_steps, List::Last, way);
        let last = last.into_iter().map(|step| step.own);
        let found = if which == List::Last {
            (last.collect(), Vec::new())
        } else {
            let steps = self.list(&part.steps, &places.steps, List::Steps, way);
            let (own, of_parts): (Vec<_>, Vec<_>) =
                steps.into_iter().map(|step| (step.own, step.last)).unzip();
            (own, of_parts.into_iter().flatten().chain(last).collect())
        };
        way.pop();
        found
    }
}

/// The parts that the name of a use can stand for, with the places of their steps.
#[derive(Default)]
struct Candidates {
    parts: Vec<UsedPart>,
    places: Vec<StepPlace>,
}

impl Candidates {
    fn add(
        &mut self,
        part: &Part,
        steps: Vec<Placed>,
        circle: Option<Vec<String>>,
        used: Option<&StepPlace>,
    ) {
        let (steps, nested) = unzip(steps);
        self.parts.push(UsedPart {
            name: part.name.clone(),
            parameters: part.parameters.clone(),
            steps,
            circle,
        });
        let own: Option<&Place> = part.places.part.as_ref();
        let place = own.or(used.map(|used| &used.place)).cloned();
        self.places
            .extend(place.map(|place| StepPlace { place, nested }));
    }

    fn of(self, used: &Use, place: Option<&StepPlace>, known: &[Part]) -> Placed {
        let known = known.iter().map(|part| part.name.clone()).collect();
        Placed {
            step: used.of(self.parts, known).into(),
            place: place.map(|place| StepPlace {
                place: place.place.clone(),
                nested: self.places,
            }),
        }
    }
}

/// The steps and their places; no places if a program declares the steps.
fn unzip(steps: Vec<Placed>) -> (Vec<Step>, Vec<StepPlace>) {
    let (steps, places): (Vec<_>, Vec<_>) = steps.into_iter().map(|it| (it.step, it.place)).unzip();
    let places: Option<Vec<StepPlace>> = places.into_iter().collect();
    (steps, places.unwrap_or_default())
}
