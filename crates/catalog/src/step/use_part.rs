//! The use of a part: its steps, with values for its parameters.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Reader, Step, StepContext, StepError, StepProblem, context::Nested};
use crate::{
    condition::Domains,
    name::{PartName, VariableName},
    nearest::nearest,
    read::Read,
    template::{Template, Text, Variables, variable_of},
    tree::Tree,
};

/// Puts in the steps of a part: `{ use = "s6", with = { version = "3.2" } }`. The part's last steps come before those of
/// the artifact. Among last steps, it puts in the part's last steps alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// The name of the part.
    #[serde(rename = "use")]
    part: Template,
    /// A value for each parameter of the part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    with: BTreeMap<VariableName, Template>,
    /// The parts that the name can stand for, which the check of the catalog puts here.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    parts: Vec<UsedPart>,
    /// The names of all parts, for errors.
    #[serde(skip)]
    known: Vec<PartName>,
}

/// A part among those that a step can use.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UsedPart {
    pub(crate) name: PartName,
    #[serde(skip)]
    pub(crate) parameters: Vec<VariableName>,
    pub(crate) steps: Vec<Step>,
    /// The way from the part back to itself, in place of its steps.
    #[serde(skip)]
    pub(crate) circle: Option<Vec<String>>,
}

/// A part that is used by a variant.
struct Chosen<'a> {
    index: usize,
    part: &'a UsedPart,
    /// The variables that its texts see.
    variables: Variables,
}

impl Use {
    /// Puts in the part `name`, a [`Template`].
    pub fn part(name: &str) -> Self {
        Self {
            part: Template::unchecked(name),
            with: BTreeMap::new(),
            parts: Vec::new(),
            known: Vec::new(),
        }
    }

    /// Gives a parameter its value, a [`Template`].
    pub fn with(mut self, parameter: &str, value: &str) -> Self {
        let parameter = VariableName::unchecked(parameter);
        self.with.insert(parameter, Template::unchecked(value));
        self
    }

    /// The name of the part.
    pub(crate) fn name(&self) -> &Template {
        &self.part
    }

    /// The parts that the name can stand for.
    pub(crate) fn parts(&self) -> &[UsedPart] {
        &self.parts
    }

    /// The same use with the parts that its name can stand for, of all the `known` ones.
    pub(crate) fn of(&self, parts: Vec<UsedPart>, known: Vec<PartName>) -> Self {
        Self {
            parts,
            known,
            ..self.clone()
        }
    }

    fn chosen(&self, variables: &Variables) -> Result<Chosen<'_>, StepError> {
        let name = self.part.expand(variables)?;
        let mut parts = self.parts.iter().enumerate();
        let Some((index, part)) = parts.find(|(_, part)| part.name.as_str() == name) else {
            let names = self.known.iter().map(PartName::as_str);
            return Err(StepError::NoPart {
                nearest: nearest(&name, names).map(str::to_owned),
                name,
            });
        };
        if let Some(chain) = &part.circle {
            let chain = chain.clone();
            return Err(StepError::PartCircle { chain });
        }
        self.check_parameters(part)?;
        let mut parameters = BTreeMap::new();
        for (name, value) in &self.with {
            parameters.insert(name.to_string(), value.expand(variables)?);
        }
        Ok(Chosen {
            index,
            part,
            variables: variables.in_part(parameters),
        })
    }

    /// The steps that a variant with these variables has, and the variables that they see.
    pub(crate) fn steps(&self, variables: &Variables) -> Result<(&[Step], Variables), StepError> {
        let chosen = self.chosen(variables)?;
        Ok((&chosen.part.steps, chosen.variables))
    }

    /// Refuses values for other parameters than exactly those of the part.
    fn check_parameters(&self, part: &UsedPart) -> Result<(), StepError> {
        let is_given = |name: &&VariableName| self.with.contains_key(*name);
        let is_known = |name: &&VariableName| part.parameters.contains(name);
        let missing = part.parameters.iter().find(|name| !is_given(name));
        let unknown = self.with.keys().find(|name| !is_known(name));
        if missing.is_none() && unknown.is_none() {
            return Ok(());
        }
        Err(StepError::Parameters {
            part: part.name.to_string(),
            missing: missing.map(ToString::to_string),
            unknown: unknown.map(ToString::to_string),
            valid: part.parameters.iter().map(ToString::to_string).collect(),
        })
    }

    /// The problems for a variant with these variables.
    pub(super) fn problems_with(&self, variables: &Variables) -> Vec<StepProblem> {
        match self.chosen(variables) {
            Err(error) => vec![StepProblem::from(&error)],
            Ok(chosen) => {
                let of = |step: &Step| step.problems_with(&chosen.variables);
                within(chosen.index, chosen.part, of).collect()
            }
        }
    }

    /// The conditions in the parts that hold for no variant.
    pub(super) fn impossible(&self, domains: &Domains) -> Vec<StepProblem> {
        let parts = self.parts.iter().enumerate();
        let problems = parts.flat_map(|(index, part)| {
            let is_hidden = |name: &str| {
                let variable = variable_of(name);
                part.parameters.iter().any(|it| it.as_str() == variable)
            };
            let mut domains = domains.clone();
            domains.retain(|name, _| !is_hidden(name));
            within(index, part, move |step| step.impossible(&domains)).collect::<Vec<_>>()
        });
        problems.collect()
    }

    /// The variables that it uses, without the parameters of the parts.
    pub(super) fn names(&self) -> Vec<&str> {
        let own = self.part.names().into_iter();
        let own = own.chain(self.with.values().flat_map(Text::names));
        let inner = self.parts.iter().flat_map(|part| {
            let names = part.steps.iter().flat_map(Step::names);
            names.filter(|name| {
                let variable = variable_of(name);
                part.parameters.iter().all(|it| it.as_str() != variable)
            })
        });
        own.chain(inner).collect()
    }
}

/// The problems that `of` finds in each step of the part at `index`.
fn within(
    index: usize,
    part: &UsedPart,
    of: impl Fn(&Step) -> Vec<StepProblem>,
) -> impl Iterator<Item = StepProblem> {
    let steps = part.steps.iter().enumerate();
    steps.flat_map(move |(step, inner)| {
        let problems = of(inner).into_iter();
        problems.map(move |problem| problem.within(step).within(index))
    })
}

impl Apply for Use {
    fn title(&self) -> String {
        format!("use {}", self.part)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        let chosen = self.chosen(reader.variables)?;
        let inner = Reader {
            variables: &chosen.variables,
        };
        let mut reads = Vec::new();
        for (index, step) in chosen.part.steps.iter().enumerate() {
            let found = step.reads(inner);
            reads.extend(found.map_err(|error| error.inside(&[chosen.index, index]))?);
        }
        Ok(reads)
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let chosen = self.chosen(context.variables())?;
        for (index, step) in chosen.part.steps.iter().enumerate() {
            let reads = step.reads(Reader {
                variables: &chosen.variables,
            })?;
            let within = Nested {
                path: &[chosen.index, index],
                is_in_part: true,
                reads,
                title: step.vertex_title(&chosen.variables),
                variables: chosen.variables.clone(),
            };
            let environment = tree.environment();
            let applied = step.apply(tree, &mut context.nested(within, environment));
            tree = applied.map_err(|error| error.inside(&[chosen.index, index]))?;
        }
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let with = self.with.values().map(|value| value as &dyn Text);
        [&self.part as &dyn Text].into_iter().chain(with).collect()
    }
}
