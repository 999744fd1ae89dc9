//! The texts that are the same in all variants of an artifact: its description and the git tags that release it.

use std::collections::{BTreeMap, BTreeSet};

use super::about;
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    problem::{Found, Problem},
    template::{Template, Text, Variables},
};

/// Fills them in with the values that are the same in all variants. Each artifact must have its options by then.
pub(super) fn fill(catalog: &mut CheckedCatalog) -> Vec<Found> {
    let mut problems = Vec::new();
    for name in &catalog.order {
        let Some(artifact) = catalog.artifacts.get_mut(name) else {
            continue;
        };
        match filled(artifact) {
            Ok((description, release_tags)) => {
                artifact.description = description;
                artifact.release_tags = release_tags;
            }
            Err(problem) => problems.push(about(artifact, problem)),
        }
    }
    problems
}

fn filled(artifact: &Artifact) -> Result<(Template, Vec<Template>), Problem> {
    let texts = std::iter::once(&artifact.description).chain(&artifact.release_tags);
    let names: BTreeSet<&str> = texts.flat_map(Text::names).collect();
    let values = values(artifact, &names);
    let fill = |key, text: &Template| fill_in(key, text, &values);
    let release_tags = artifact.release_tags.iter();
    let release_tags = release_tags.map(|text| fill("release-tags", text));
    Ok((
        fill("description", &artifact.description)?,
        release_tags.collect::<Result<_, _>>()?,
    ))
}

/// All values of each variable; none if `names` is empty.
fn values(artifact: &Artifact, names: &BTreeSet<&str>) -> BTreeMap<String, BTreeSet<String>> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if names.is_empty() {
        return values;
    }
    for variant in artifact.variants() {
        for (name, value) in variant.variables() {
            values.entry(name).or_default().insert(value);
        }
    }
    values
}

fn fill_in(
    key: &'static str,
    text: &Template,
    values: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Template, Problem> {
    for name in text.names() {
        if let Some(values) = values.get(name)
            && values.len() > 1
        {
            return Err(Problem::Varies {
                key,
                name: name.to_owned(),
                values: values.iter().cloned().collect(),
            });
        }
    }
    let one = |(name, values): (&String, &BTreeSet<String>)| {
        let value = values.first()?;
        Some((name.clone(), value.clone()))
    };
    let variables: Variables = values.iter().filter_map(one).collect();
    Ok(Template::literal(text.expand(&variables)?))
}
