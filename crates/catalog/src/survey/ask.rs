//! The reads of one step, with every value of the options that it uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    artifact::Artifact,
    budget::MAX_VARIANTS,
    plan_error::PlanProblem,
    read::Read,
    step::{Reader, Step, StepError},
    step_reads::step_failed,
    template::{Template, Variables},
    variant::Variant,
    words::listed,
};

/// The options of an artifact, with the values that each may have.
pub(super) type Values<'a> = BTreeMap<&'a str, Domain<'a>>;

/// The values that an option may have.
pub(super) struct Domain<'a> {
    /// The declared values and the set ones.
    values: BTreeSet<&'a str>,
    /// The default of an option that takes any value; it may use other options.
    default: Option<&'a Template>,
}

pub(super) fn values<'a>(artifact: &'a Artifact, set: &'a [(String, String)]) -> Values<'a> {
    let options = artifact.options.iter();
    let values = options.map(|(name, option)| {
        let given = set.iter().filter(|(given, _)| given == name.as_str());
        let given = given.map(|(_, value)| value);
        let domain = Domain {
            values: option
                .values
                .iter()
                .chain(given)
                .map(String::as_str)
                .collect(),
            default: option.values.is_empty().then_some(&option.default),
        };
        (name.as_str(), domain)
    });
    values.collect()
}

/// The variant that a step is asked for.
pub(super) struct Asked<'a> {
    artifact: &'a Artifact,
    /// The variables of the variant, without its options.
    variables: Variables,
    values: &'a Values<'a>,
}

/// The reads so far, the number of questions, and the options that were asked for.
#[derive(Default)]
struct Answers {
    reads: Vec<Read>,
    asked: usize,
    options: BTreeSet<String>,
}

/// The reasons why a step has no answer.
enum Trouble {
    Step(StepError),
    /// These options have too many values together.
    TooMany,
}

impl<'a> Asked<'a> {
    pub(super) fn of(artifact: &'a Artifact, variant: &Variant, values: &'a Values<'a>) -> Self {
        let mut variables = variant.variables();
        variables.retain(|name, _| !values.contains_key(name.as_str()));
        Self {
            artifact,
            variables,
            values,
        }
    }

    /// All reads that the step may have.
    pub(super) fn reads(&self, number: usize, step: &Step) -> Result<Vec<Read>, PlanProblem> {
        let mut answers = Answers::default();
        match self.ask(step, &self.variables, &mut answers) {
            Ok(()) => Ok(answers.reads),
            Err(Trouble::Step(error)) => Err(step_failed(self.artifact, number, step, error)),
            Err(Trouble::TooMany) => Err(PlanProblem::TooManyValues {
                artifact: self.artifact.name.to_string(),
                number,
                options: listed(&answers.options),
            }),
        }
    }

    fn ask(
        &self,
        step: &Step,
        variables: &Variables,
        answers: &mut Answers,
    ) -> Result<(), Trouble> {
        answers.asked += 1;
        if answers.asked > MAX_VARIANTS {
            return Err(Trouble::TooMany);
        }
        let missing = match step {
            // The steps in the group use options of their own, so each is asked by itself.
            Step::When(when) => match when.holds(variables) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let mut steps = when.steps().iter();
                    return steps.try_for_each(|step| self.ask(step, variables, answers));
                }
                Err(error) => error,
            },
            // Code needs all its variables.
            Step::Custom(_) if let Some(name) = self.unset(variables) => {
                return self.ask_for_each(step, name, variables, answers);
            }
            _ => match step.reads(Reader { variables }) {
                Ok(reads) => {
                    answers.reads.extend(reads);
                    return Ok(());
                }
                Err(error) => error,
            },
        };
        self.ask_for_missing(step, missing, variables, answers)
    }

    fn ask_for_each(
        &self,
        step: &Step,
        name: &str,
        variables: &Variables,
        answers: &mut Answers,
    ) -> Result<(), Trouble> {
        answers.options.insert(name.to_owned());
        let Some(domain) = self.values.get(name) else {
            return Ok(());
        };
        let mut ask_with = |value: &str| {
            let mut variables = variables.clone();
            variables.insert(name.to_owned(), value.to_owned());
            self.ask(step, &variables, answers)
        };
        domain.values.iter().try_for_each(|value| ask_with(value))?;
        let Some(default) = domain.default else {
            return Ok(());
        };
        match default.expand(variables) {
            Ok(value) => ask_with(&value),
            // Every value of the other option gives another default.
            Err(error) => self.ask_for_missing(step, error.into(), variables, answers),
        }
    }

    /// Asks again, with every value of the option that is missing.
    fn ask_for_missing(
        &self,
        step: &Step,
        missing: StepError,
        variables: &Variables,
        answers: &mut Answers,
    ) -> Result<(), Trouble> {
        let name = missing.unknown_variable();
        let is_unset =
            |name: &&str| self.values.contains_key(name) && !variables.contains_key(*name);
        match name.filter(is_unset).map(str::to_owned) {
            Some(name) => self.ask_for_each(step, &name, variables, answers),
            None => Err(Trouble::Step(missing)),
        }
    }

    /// An option that has no value yet.
    fn unset(&self, variables: &Variables) -> Option<&'a str> {
        let mut names = self.values.keys().copied();
        names.find(|name| !variables.contains_key(*name))
    }
}
