//! The problems of parts by themselves, whoever uses them.

use std::collections::BTreeSet;

use crate::{
    name::PartName,
    part::Part,
    problem::{Found, Problem},
    step::{Step, StepProblem},
    variant::RESERVED,
};

pub(super) fn problems(parts: &[Part]) -> Vec<Found> {
    let mut names: BTreeSet<&PartName> = BTreeSet::new();
    let mut found = Vec::new();
    for part in parts {
        found.extend(
            part.problems
                .iter()
                .map(|problem| about(part, problem.clone())),
        );
        if !names.insert(&part.name) {
            let name = part.name.to_string();
            found.push(about(part, Problem::PartTwice { name }));
        }
        let reserved = part.parameters.iter();
        let reserved = reserved.filter(|name| RESERVED.contains(&name.as_str()));
        found.extend(reserved.map(|name| {
            let name = name.to_string();
            about(part, Problem::ReservedVariable { name })
        }));
        found.extend(of_steps(part, &part.steps, false, Step::problems));
        found.extend(of_steps(part, &part.last_steps, true, Step::problems));
        found.extend(of_steps(part, &part.last_steps, true, Step::overruling));
    }
    found
}

/// The problems that `of` finds in a list of steps of a part.
fn of_steps(
    part: &Part,
    steps: &[Step],
    is_last: bool,
    of: fn(&Step) -> Vec<StepProblem>,
) -> Vec<Found> {
    let steps = steps.iter().enumerate();
    let problems = steps.flat_map(|(index, step)| {
        let problems = of(step).into_iter();
        problems.map(move |problem| problem.within(index))
    });
    let found = problems.map(|problem| {
        let place = part.step_place(is_last, &problem.nested);
        let place = place.or(part.places.part.as_ref());
        Found {
            subject: subject(part),
            place: place.map(|place| place.of_text(&problem.written)),
            uses: Vec::new(),
            problem: Problem::Step {
                number: problem.nested.first().map_or(0, |index| index + 1),
                nested: problem.nested[1..].to_vec(),
                text: problem.text,
                written: problem.written,
            },
        }
    });
    found.collect()
}

fn about(part: &Part, problem: Problem) -> Found {
    let place = part.places.part.as_ref();
    Found {
        subject: subject(part),
        place: place.map(|place| place.of_text(&problem.written())),
        uses: Vec::new(),
        problem,
    }
}

fn subject(part: &Part) -> String {
    format!("part {}", part.name)
}
