//! Steps that belong together: a group, which only some variants may have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Reader, Step, StepContext, StepError, StepProblem, context::Nested};
use crate::{
    condition::{Condition, Domains, conditions, hold},
    read::Read,
    template::Variables,
    tree::Tree,
};

/// Steps for the variants for which `when` holds and `unless` does not:
/// `{ when = { l10n = ["zh_CN"] }, steps = [ … ] }`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// What must hold: a table of variables (`arch`, an axis, an option …) with the values that count, or a list of such
    /// tables, one of which must hold. `*` stands for any text, `?` for any character.
    #[serde(rename = "when", default, skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
    /// What must not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unless: Option<Condition>,
    /// The steps.
    steps: Vec<Step>,
}

impl When {
    /// Steps for variants whose variable `name` is `value`.
    pub fn equals(name: &str, value: &str) -> Self {
        Self {
            condition: Some(Condition::equals(name, value)),
            unless: None,
            steps: Vec::new(),
        }
    }

    /// Steps for variants whose variable `name` is not `value`.
    pub fn differs(name: &str, value: &str) -> Self {
        Self {
            condition: None,
            unless: Some(Condition::equals(name, value)),
            steps: Vec::new(),
        }
    }

    /// Appends a step.
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    fn conditions(&self) -> impl Iterator<Item = (&'static str, &Condition)> {
        conditions(self.condition.as_ref(), self.unless.as_ref())
    }

    /// The steps in the group.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Its conditions, as the heading of its steps.
    pub(crate) fn heading(&self) -> String {
        let conditions = self.conditions();
        let conditions: Vec<String> = conditions
            .map(|(key, condition)| format!("{key} {condition}"))
            .collect();
        if conditions.is_empty() {
            return "steps".to_owned();
        }
        conditions.join(" ")
    }

    /// Whether the variables have the values that count.
    pub(crate) fn holds(&self, variables: &Variables) -> Result<bool, StepError> {
        Ok(hold(self.conditions(), variables)?)
    }

    /// The problems of the group and its steps for a variant with these variables. Below a condition that does not hold,
    /// nothing is looked at.
    pub(super) fn problems_with(&self, variables: &Variables) -> Vec<StepProblem> {
        match self.holds(variables) {
            Ok(true) => self.each(|step| step.problems_with(variables)),
            Ok(false) => Vec::new(),
            Err(error) => vec![StepProblem::from(&error)],
        }
    }

    /// The same group with other steps.
    pub(crate) fn with_steps(&self, steps: Vec<Step>) -> Self {
        Self {
            condition: self.condition.clone(),
            unless: self.unless.clone(),
            steps,
        }
    }

    /// The conditions, of the group and those in it, that hold for no variant.
    pub(super) fn impossible(&self, domains: &Domains) -> Vec<StepProblem> {
        let own = self
            .conditions()
            .flat_map(|(key, condition)| condition.impossible(key, domains))
            .map(|impossible| StepProblem::written(impossible.text, &impossible.written));
        let nested = self.each(|step| step.impossible(domains));
        own.chain(nested).collect()
    }

    /// The problems that `of` finds in each of its steps.
    pub(super) fn each(&self, of: impl Fn(&Step) -> Vec<StepProblem>) -> Vec<StepProblem> {
        let steps = self.steps.iter().enumerate();
        let problems = steps.flat_map(|(index, step)| {
            let within = move |problem: StepProblem| problem.within(index);
            of(step).into_iter().map(within).collect::<Vec<_>>()
        });
        problems.collect()
    }

    /// The variables that its conditions and its steps use.
    pub(super) fn names(&self) -> Vec<&str> {
        let own = self
            .conditions()
            .flat_map(|(_, condition)| condition.names());
        own.chain(self.steps.iter().flat_map(Step::names)).collect()
    }
}

impl Apply for When {
    fn title(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(Step::title).collect();
        format!("{}: {}", self.heading(), steps.join(", "))
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        if !self.holds(reader.variables)? {
            return Ok(Vec::new());
        }
        let mut reads = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let found = step.reads(reader);
            reads.extend(found.map_err(|error| error.inside(&[index]))?);
        }
        Ok(reads)
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        if !self.holds(context.variables())? {
            return Ok(tree);
        }
        for (index, step) in self.steps.iter().enumerate() {
            let reads = step.reads(Reader {
                variables: context.variables(),
            })?;
            let within = Nested {
                path: &[index],
                is_in_part: false,
                reads,
                title: step.vertex_title(context.variables()),
                variables: context.variables().clone(),
            };
            let environment = tree.environment();
            let applied = step.apply(tree, &mut context.nested(within, environment));
            tree = applied.map_err(|error| error.inside(&[index]))?;
        }
        Ok(tree)
    }
}
