//! Axes in names: `[artifact."base/{image}"]` is one artifact for each value of `image`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::no_row;
use crate::{
    artifact::{Artifact, Base, default_output},
    condition::matches,
    name::{ArtifactName, VariableName},
    problem::Problem,
    template::{Template, TemplateError, Text, ValueTables, Variables, variable_of},
    variant::Scope,
};

/// The artifacts that a declared one stands for.
pub(super) fn expand(mut artifact: Artifact, tables: &Arc<ValueTables>) -> Vec<Artifact> {
    expand_rows(&mut artifact, tables);
    artifact.scope = Scope::new(BTreeMap::new(), Arc::clone(tables));
    let name = match artifact.name.as_str().parse::<Template>() {
        Ok(name) => name,
        Err(error) => {
            artifact.problems.push(error.into());
            return vec![artifact];
        }
    };
    let used = match axes_in(&name, &artifact) {
        Ok(used) => used,
        Err(problem) => {
            artifact.problems.push(problem);
            return vec![artifact];
        }
    };
    let mut combinations: Vec<BTreeMap<VariableName, String>> = vec![BTreeMap::new()];
    for axis in used {
        let values = artifact.axes.remove(&axis).unwrap_or_default();
        if values.is_empty() {
            artifact.problems.push(Problem::Empty {
                what: axis.to_string(),
            });
            return vec![artifact];
        }
        let with = |combination: BTreeMap<_, _>| {
            let name = axis.clone();
            values.iter().map(move |value| {
                let mut combination = combination.clone();
                combination.insert(name.clone(), value.clone());
                combination
            })
        };
        combinations = combinations.into_iter().flat_map(with).collect();
    }
    if artifact.has_default_output {
        artifact.output = default_output(artifact.kind, &artifact.axes);
    }
    let of = |values| named(artifact.clone(), &name, values, tables);
    combinations.into_iter().map(of).collect()
}

/// The artifact with these values in its name.
fn named(
    mut artifact: Artifact,
    name: &Template,
    values: BTreeMap<VariableName, String>,
    tables: &Arc<ValueTables>,
) -> Artifact {
    let variables = values
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()));
    let variables = Variables::with_tables(variables.collect(), tables);
    match name.expand(&variables) {
        Ok(text) => {
            if text.parse::<ArtifactName>().is_err() && !values.is_empty() {
                artifact.problems.push(Problem::ArtifactName {
                    name: text.clone(),
                    values: values
                        .iter()
                        .map(|(name, value)| format!("`{name}` = `{value}`"))
                        .collect::<Vec<_>>()
                        .join(", "),
                });
            }
            artifact.name = ArtifactName::unchecked(&text);
        }
        Err(error) => artifact.problems.push(error.into()),
    }
    artifact.scope = Scope::new(values, Arc::clone(tables));
    if let Base::Named(base) = &artifact.base
        && let Ok(name) = base.expand(&artifact.scope.variables())
    {
        artifact.base = Base::Named(Template::literal(name));
    }
    artifact
}

/// The axes that the name uses, in its order.
fn axes_in(name: &Template, artifact: &Artifact) -> Result<Vec<VariableName>, Problem> {
    let mut found: Vec<VariableName> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for used in name.names() {
        let variable = variable_of(used);
        let Some((axis, _)) = artifact.axes.get_key_value(variable) else {
            let known = artifact.axes.keys();
            let known = known.map(|axis| (axis.to_string(), String::new()));
            let error = TemplateError::unknown(&format!("{{{used}}}"), used, &known.collect());
            return Err(Problem::NotAnAxis { error });
        };
        if seen.insert(variable) {
            found.push(axis.clone());
        }
    }
    Ok(found)
}

/// Replaces each element of an axis that has a `*` by all rows that it matches.
fn expand_rows(artifact: &mut Artifact, tables: &ValueTables) {
    for (axis, values) in &mut artifact.axes {
        let mut expanded: Vec<String> = Vec::new();
        for value in &*values {
            if !value.contains('*') {
                expanded.push(value.clone());
                continue;
            }
            let rows = tables.rows(axis.as_str()).iter();
            let found = rows.filter(|row| matches(value, &row.value));
            let before = expanded.len();
            expanded.extend(found.map(|row| row.value.clone()));
            if expanded.len() == before {
                artifact.problems.push(no_row(axis, value));
            }
        }
        let mut seen = BTreeSet::new();
        expanded.retain(|value| seen.insert(value.clone()));
        *values = expanded;
    }
}
