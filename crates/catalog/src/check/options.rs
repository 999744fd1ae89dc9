//! Options belong to the catalog: each has one declaration in all artifacts, and an artifact has the options that it
//! uses.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::about;
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    name::VariableName,
    option::{DeclaredOption, OptionValues, settled},
    place::Place,
    problem::{Found, Problem},
    template::{TemplateError, Text, ValueTables, Variables, variable_of},
    variant,
};

/// The first declaration of an option, as errors name it.
struct First {
    option: OptionValues,
    declared: String,
}

/// Gives every artifact the options that it uses; `declared` are the options of the catalog itself.
pub(super) fn unify(catalog: &mut CheckedCatalog, declared: &[DeclaredOption]) -> Vec<Found> {
    let mut problems = Vec::new();
    let mut all: BTreeMap<VariableName, First> = BTreeMap::new();
    let axes: BTreeMap<&VariableName, &Artifact> = catalog
        .artifacts()
        .flat_map(|artifact| {
            let constants = artifact.scope.constants().keys();
            let axes = artifact.axes.keys().chain(constants);
            axes.map(move |axis| (axis, artifact))
        })
        .collect();
    let mut take = |name: &VariableName, option: &OptionValues, declared: String| {
        let mut found = own_problems(name, option);
        if let Some(artifact) = axes.get(name) {
            found.push(Problem::OptionAndAxis {
                name: name.to_string(),
                artifact: artifact.name.to_string(),
            });
        }
        match all.get(name) {
            None => {
                let option = option.clone();
                all.insert(name.clone(), First { option, declared });
            }
            Some(first) if first.option != *option => found.push(Problem::OptionDiffers {
                name: name.to_string(),
                first: first.declared.clone(),
            }),
            Some(_) => {}
        }
        found
    };
    for DeclaredOption {
        name,
        option,
        place,
    } in declared
    {
        let at = place.as_ref().map(|place| format!(" ({place})"));
        let found = take(
            name,
            option,
            format!("the catalog{}", at.unwrap_or_default()),
        );
        problems.extend(
            found
                .into_iter()
                .map(|problem| of_catalog(place.as_ref(), problem)),
        );
    }
    for artifact in catalog.artifacts() {
        for (name, option) in &artifact.options {
            let at = artifact.key_place("options").or(artifact.place());
            let at = at.map(|place| format!(" ({place})")).unwrap_or_default();
            let found = take(name, option, format!("`{}`{at}", artifact.name));
            problems.extend(found.into_iter().map(|problem| about(artifact, problem)));
        }
    }
    let options = all
        .into_iter()
        .map(|(name, first)| (name, first.option))
        .collect();
    if problems.is_empty() {
        problems.extend(default_problems(catalog, &options, declared));
    }
    if problems.is_empty() {
        let tables = Arc::clone(&catalog.tables);
        for artifact in catalog.artifacts.values_mut() {
            artifact.options = used(artifact, &options, &tables);
        }
    }
    problems
}

pub(super) fn of_catalog(place: Option<&Place>, problem: Problem) -> Found {
    Found {
        subject: "options".to_owned(),
        place: place
            .as_ref()
            .map(|place| place.of_text(&problem.written())),
        uses: Vec::new(),
        problem,
    }
}

/// The problems of an option by itself.
fn own_problems(name: &VariableName, option: &OptionValues) -> Vec<Problem> {
    let mut problems = Vec::new();
    if variant::is_reserved(name.as_str()) {
        problems.push(Problem::ReservedVariable {
            name: name.to_string(),
        });
    }
    problems.extend(option.default.problem().map(Problem::Template));
    let braces = option
        .values
        .iter()
        .filter(|word| word.contains(['{', '}']));
    problems.extend(braces.map(|word| Problem::Braces { text: word.clone() }));
    problems
}

/// The problems of defaults: a name that is no option, a circle of options, a default that is not among the values.
fn default_problems(
    catalog: &CheckedCatalog,
    options: &BTreeMap<VariableName, OptionValues>,
    declared: &[DeclaredOption],
) -> Vec<Found> {
    let defaults = settled(options, BTreeMap::new(), &catalog.tables);
    let known = defaults.iter();
    let known = known.map(|(name, value)| (name.to_string(), value.clone()));
    let known = Variables::with_tables(known.collect(), &catalog.tables);
    let problem = |name: &VariableName, option: &OptionValues| {
        let names = option.default.names();
        let is_unknown = |name: &&&str| !options.contains_key(variable_of(name));
        if let Some(unknown) = names.iter().find(is_unknown) {
            let written = format!("{{{unknown}}}");
            let error = TemplateError::unknown(&written, unknown, &known);
            return Some(Problem::Template(error));
        }
        if let Some(chain) = circle(name, options) {
            return Some(Problem::OptionCircle { chain });
        }
        if let Err(error) = option.default.expand(&known) {
            return Some(Problem::Template(error));
        }
        let default = &defaults[name];
        (!option.takes(default)).then(|| Problem::Default {
            name: name.to_string(),
            default: default.clone(),
            values: option.values.clone(),
        })
    };
    let own = declared.iter().filter_map(|declared| {
        let problem = problem(&declared.name, &declared.option)?;
        Some(of_catalog(declared.place.as_ref(), problem))
    });
    let of_artifacts = catalog.artifacts().flat_map(|artifact| {
        let found = artifact.options.iter();
        let found = found.filter_map(|(name, option)| problem(name, option));
        found
            .map(|problem| about(artifact, problem))
            .collect::<Vec<_>>()
    });
    own.chain(of_artifacts).collect()
}

/// The way from an option by its default back to itself.
fn circle(
    name: &VariableName,
    options: &BTreeMap<VariableName, OptionValues>,
) -> Option<Vec<String>> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<Vec<&str>> = vec![vec![name.as_str()]];
    while let Some(way) = open.pop() {
        let option = options.get(*way.last()?);
        let names = option.iter().flat_map(|option| option.default.names());
        for next in names.map(variable_of) {
            let further = way.iter().copied().chain([next]);
            if next == name.as_str() {
                return Some(further.map(str::to_owned).collect());
            }
            if seen.insert(next) {
                open.push(further.collect());
            }
        }
    }
    None
}

/// The options that `artifact` declares or uses, and the options that their defaults use.
fn used(
    artifact: &Artifact,
    options: &BTreeMap<VariableName, OptionValues>,
    tables: &ValueTables,
) -> BTreeMap<VariableName, OptionValues> {
    let mut used = artifact.options.clone();
    let mut open: Vec<&str> = artifact.variable_names();
    open.extend(
        artifact
            .options
            .values()
            .flat_map(|option| option.default.names()),
    );
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(name) = open.pop() {
        let is_field = name.contains('.');
        let name = variable_of(name);
        if is_field && seen.insert(name) {
            open.extend(tables.names_in(name));
        }
        if let Some((name, option)) = options.get_key_value(name)
            && !used.contains_key(name)
        {
            used.insert(name.clone(), option.clone());
            open.extend(option.default.names());
        }
    }
    used
}
