//! Targets that are a matrix: they differ in values of arguments, and their names say so.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    describe::{Described, Family, product},
    model::Rows,
    project::word,
    scope::BUILT_IN,
    tags::common,
    text::Text,
};

/// What the targets of a file are.
pub(crate) struct Families {
    pub(crate) families: Vec<Family>,
    pub(crate) values: Vec<Rows>,
}

/// The families of targets. `groups` are those of the file: bake makes one of a matrix.
pub(crate) fn families(described: &[Described], groups: &[(String, Vec<String>)]) -> Families {
    let mut families = Vec::new();
    let mut values = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for target in described {
        if done.contains(target.name.as_str()) {
            continue;
        }
        let alike = described.iter().filter(|other| is_alike(target, other));
        let alike: Vec<&Described> = alike.collect();
        done.extend(alike.iter().map(|target| target.name.as_str()));
        match matrix(&alike, groups, &mut values) {
            Some(family) => families.push(family),
            None => families.extend(alike.into_iter().map(single)),
        }
    }
    Families { families, values }
}

fn single(target: &Described) -> Family {
    let args = target.args.iter();
    let args = args.map(|(name, value)| (name.clone(), Text::literal(value.clone())));
    Family {
        name: word(&target.name),
        members: vec![target.clone()],
        axes: Vec::new(),
        args: args.collect(),
        combinations: vec![Vec::new()],
    }
}

/// Whether two targets differ at most in values.
fn is_alike(one: &Described, other: &Described) -> bool {
    let skeleton = |target: &Described| {
        let keys = |table: &BTreeMap<String, String>| table.keys().cloned().collect::<Vec<_>>();
        let platforms = target.platforms.clone();
        (
            (
                target.context.clone(),
                target.dockerfile.clone(),
                target.inline.clone(),
            ),
            (target.stage.clone(), platforms, target.contexts.clone()),
            (keys(&target.args), keys(&target.labels)),
            (target.attest.clone(), target.annotations.len()),
        )
    };
    skeleton(one) == skeleton(other)
}

fn matrix(
    members: &[&Described],
    groups: &[(String, Vec<String>)],
    values: &mut Vec<Rows>,
) -> Option<Family> {
    if members.len() < 2 {
        return None;
    }
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let is_of_members = |group: &&(String, Vec<String>)| {
        group.0 != "default"
            && group.1.len() == names.len()
            && names
                .iter()
                .all(|name| group.1.iter().any(|other| other == name))
    };
    let group = groups.iter().find(is_of_members);
    let varied: Vec<&String> = members[0]
        .args
        .keys()
        .filter(|name| {
            members
                .iter()
                .any(|member| member.args[*name] != members[0].args[*name])
        })
        .collect();
    let of_names: Vec<&String> = varied
        .iter()
        .copied()
        .filter(|arg| {
            members
                .iter()
                .all(|member| is_in_name(&member.name, &member.args[*arg]))
        })
        .collect();
    let by = if of_names.is_empty() && group.is_some() {
        &varied
    } else {
        &of_names
    };
    let axes = axes(members, by)?;
    let combination = |member: &&Described| {
        axes.iter()
            .map(|(name, _)| member.args[name].clone())
            .collect::<Vec<_>>()
    };
    let combinations: Vec<Vec<String>> = members.iter().map(combination).collect();
    let distinct: BTreeSet<&Vec<String>> = combinations.iter().collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_odd = |name: &String| {
        BUILT_IN.contains(&name.as_str())
            || name.starts_with(|c: char| c.is_ascii_digit())
            || !name.chars().all(is_word)
    };
    let is_sparse = product(&axes).len() > 4 * members.len();
    if distinct.len() != members.len() || is_sparse || axes.iter().any(|(name, _)| is_odd(name)) {
        return None;
    }
    let mut family = Family {
        name: group.map_or_else(|| prefix(&names), |(name, _)| word(name)),
        members: members.iter().map(|member| (*member).clone()).collect(),
        args: BTreeMap::new(),
        axes,
        combinations,
    };
    let mut rows = Vec::new();
    for name in members[0].args.keys() {
        let text = argument(&family, name, &mut rows)?;
        family.args.insert(name.clone(), text);
    }
    if rows
        .iter()
        .any(|(axis, _)| values.iter().any(|(other, _)| other == axis))
    {
        return None;
    }
    values.extend(rows);
    Some(family)
}

/// The axes, by arguments that differ; an argument that follows from those before it is none.
fn axes(members: &[&Described], by: &[&String]) -> Option<Vec<(String, Vec<String>)>> {
    let mut axes: Vec<(String, Vec<String>)> = Vec::new();
    for name in by {
        let mut values: Vec<String> = Vec::new();
        for member in members {
            let value = &member.args[*name];
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        axes.push(((*name).clone(), values));
    }
    (!axes.is_empty()).then_some(axes)
}

/// The value of an argument: an axis, the same everywhere, a text with an axis in it, or a row of values.
fn argument(family: &Family, name: &str, rows: &mut Vec<Rows>) -> Option<Text> {
    if family.axes.iter().any(|(axis, _)| axis == name) {
        return Some(Text::catalog(name));
    }
    let values: Vec<&String> = family
        .members
        .iter()
        .map(|member| &member.args[name])
        .collect();
    if values.iter().all(|value| *value == values[0]) {
        return Some(Text::literal(values[0].clone()));
    }
    let owned: Vec<String> = values.iter().map(ToString::to_string).collect();
    if let Some(text) = common(family, &owned) {
        return Some(text);
    }
    family
        .axes
        .iter()
        .enumerate()
        .find_map(|(number, (axis, of_axis))| {
            let value_of = |row: &String| {
                let of_row: BTreeSet<&String> = (0..values.len())
                    .filter(|at| family.combinations[*at][number] == *row)
                    .map(|at| values[at])
                    .collect();
                let mut of_row = of_row.into_iter();
                of_row.next().filter(|_| of_row.next().is_none())
            };
            let fields: Option<Vec<(&String, &String)>> = of_axis
                .iter()
                .map(|row| Some((row, value_of(row)?)))
                .collect();
            add_rows(rows, axis, name, &fields?);
            Some(Text::catalog(format!("{axis}.{name}")))
        })
}

fn add_rows(rows: &mut Vec<Rows>, axis: &str, field: &str, values: &[(&String, &String)]) {
    if !rows.iter().any(|(name, _)| name == axis) {
        let empty = values.iter().map(|(row, _)| ((*row).clone(), Vec::new()));
        rows.push((axis.to_owned(), empty.collect()));
    }
    let Some((_, of_axis)) = rows.iter_mut().find(|(name, _)| name == axis) else {
        return;
    };
    for ((_, fields), (_, value)) in of_axis.iter_mut().zip(values) {
        fields.push((field.to_owned(), Text::literal((*value).clone())));
    }
}

/// Whether the name of a target has a value in it, in the spelling of names.
fn is_in_name(name: &str, value: &str) -> bool {
    let plain = |text: &str| {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_lowercase()
    };
    let value = plain(value);
    !value.is_empty() && plain(name).contains(&value)
}

/// The name of a matrix: what the names of its targets begin with.
fn prefix(names: &[&str]) -> String {
    let first = names[0];
    let is_common = |end: &usize| names.iter().all(|name| name.starts_with(&first[..*end]));
    let ends = (0..=first.len()).filter(|end| first.is_char_boundary(*end));
    let end = ends.filter(is_common).max().unwrap_or_default();
    let begin = &first[..end];
    let is_whole = names
        .iter()
        .all(|name| name[end..].is_empty() || name[end..].starts_with(['-', '_', '.']));
    let begin = if is_whole {
        begin
    } else {
        begin
            .rfind(['-', '_', '.'])
            .map_or(begin, |at| &begin[..at])
    };
    let mut begin = begin.trim_end_matches(['-', '_', '.']);
    // A number at the end is the beginning of a version that all of them share.
    while let Some((before, number)) = begin.rsplit_once(['-', '_', '.'])
        && number.chars().all(|c| c.is_ascii_digit())
    {
        begin = before;
    }
    let name = word(begin);
    if name.is_empty() { word(first) } else { name }
}
