//! Steps that only some variants have.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, Step, StepContext, StepError};
use crate::{
    file::OneOrSeveral,
    template::{Template, TemplateError, Variables},
    tree::Tree,
};

/// Steps for the variants whose variables have one of the given values:
/// `{ when = { l10n = ["zh_CN"] }, steps = [ … ] }`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// For every variable (`arch`, an axis, an option …) the values that count.
    when: BTreeMap<String, OneOrSeveral>,
    /// The steps.
    steps: Vec<Step>,
}

impl When {
    /// Steps for variants whose variable `name` is `value`.
    pub fn equals(name: &str, value: &str) -> Self {
        let when = BTreeMap::from([(name.to_owned(), OneOrSeveral::One(value.to_owned()))]);
        Self {
            when,
            steps: Vec::new(),
        }
    }

    /// Appends a step.
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    fn holds(&self, variables: &Variables) -> Result<bool, StepError> {
        for (name, values) in &self.when {
            let actual = variables
                .get(name)
                .ok_or_else(|| TemplateError::UnknownPlaceholder {
                    template: format!("when {name}"),
                    placeholder: name.clone(),
                    valid: variables.keys().cloned().collect(),
                })?;
            let holds = match values {
                OneOrSeveral::One(value) => value == actual,
                OneOrSeveral::Several(values) => values.contains(actual),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Apply for When {
    fn title(&self) -> String {
        let conditions: Vec<String> = self
            .when
            .iter()
            .map(|(name, values)| match values {
                OneOrSeveral::One(value) => format!("{name}={value}"),
                OneOrSeveral::Several(values) => format!("{name}={}", values.join("|")),
            })
            .collect();
        let steps: Vec<String> = self.steps.iter().map(Step::title).collect();
        format!("when {}: {}", conditions.join(" "), steps.join(", "))
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        if !self.holds(reader.variables)? {
            return Ok(Vec::new());
        }
        let mut reads = Vec::new();
        for step in &self.steps {
            reads.extend(step.reads(reader)?);
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
            tree = step.apply(tree, &mut context.nested(index, reads, step.title()))?;
        }
        Ok(tree)
    }

    fn templates(&self) -> Vec<&Template> {
        self.steps
            .iter()
            .flat_map(|step| step.kind().templates())
            .collect()
    }

    fn problems(&self) -> Vec<String> {
        self.steps.iter().flat_map(Step::problems).collect()
    }
}
