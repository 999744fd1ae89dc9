//! `--set`: values of options, and axes that are built for some of their values alone.

use std::collections::{BTreeMap, BTreeSet};

use super::SelectError;
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    check,
    git::GitValues,
    name::VariableName,
    nearest::nearest,
    option::{OptionValues, settled},
    problem::Found,
    variant::Variant,
};

/// The set values of one artifact.
#[derive(Default)]
pub(super) struct Set {
    /// The values of axes that are built.
    axes: BTreeMap<VariableName, Vec<String>>,
    /// The values of options; empty if no option is set.
    options: BTreeMap<VariableName, String>,
}

impl Set {
    /// The variant with these values; `None` if it has another value of an axis.
    pub(super) fn variant(&self, mut variant: Variant) -> Option<Variant> {
        let mut axes = self.axes.iter();
        let is_chosen = axes.all(|(axis, values)| values.contains(&variant.values[axis]));
        variant.values.extend(self.options.clone());
        is_chosen.then_some(variant)
    }
}

impl CheckedCatalog {
    /// Refuses a value in `set` that is invalid in any artifact that has its option or axis.
    pub(crate) fn check_everywhere(&self, set: &[(String, String)]) -> Result<(), SelectError> {
        let all: Vec<&Artifact> = self.artifacts().collect();
        self.check_set(&all, set)?;
        for artifact in all {
            for (name, value) in set {
                check_axis(artifact, name, value)?;
            }
        }
        Ok(())
    }

    /// Refuses names that are no option or axis of the catalog, and values that are valid nowhere. A name that no
    /// artifact of `selected` has is valid: a build of several artifacts gives all the same arguments.
    pub(super) fn check_set(
        &self,
        selected: &[&Artifact],
        set: &[(String, String)],
    ) -> Result<(), SelectError> {
        let options = &self.options;
        for (name, value) in set {
            // For the names of images alone.
            if GitValues::NAMES.contains(&name.as_str()) {
                continue;
            }
            if let Some((name, option)) = options.get_key_value(name.as_str()) {
                check_option(name, option, value)?;
                continue;
            }
            let having = self.artifacts();
            let having: Vec<&Artifact> = having.filter(|it| has_axis(it, name)).collect();
            if having.is_empty() {
                return Err(self.unknown_option(name));
            }
            if having.iter().all(|it| check_axis(it, name, value).is_err()) {
                let mut selected = selected.iter().filter(|it| has_axis(it, name));
                return Err(match selected.next() {
                    Some(artifact) => wrong_axis_value(Some(artifact), &[artifact], name, value),
                    None => wrong_axis_value(None, &having, name, value),
                });
            }
        }
        Ok(())
    }

    /// The part of `set` that is for `artifact`. The artifacts that it is made from with these values are checked too:
    /// the check of the catalog has looked at the defaults of options alone.
    pub(super) fn set_in(
        &self,
        artifact: &Artifact,
        set: &[(String, String)],
    ) -> Result<Set, SelectError> {
        let mut found = Set::default();
        for (name, value) in set {
            check_axis(artifact, name, value)?;
            if let Some((axis, _)) = artifact.axes.get_key_value(name.as_str()) {
                let values = found.axes.entry(axis.clone()).or_default();
                values.push(value.clone());
            }
        }
        let is_option = |(name, _): &(String, String)| artifact.options.contains_key(name.as_str());
        if !set.iter().any(is_option) {
            return Ok(found);
        }
        let options = &self.options;
        let chosen = set.iter().filter_map(|(name, value)| {
            let (name, _) = options.get_key_value(name.as_str())?;
            Some((name.clone(), value.clone()))
        });
        let chosen: BTreeMap<VariableName, String> = chosen.collect();
        found.options = settled(options, chosen.clone(), artifact.scope.tables());
        let own: BTreeSet<VariableName> = artifact.options.keys().cloned().collect();
        check_driven(&own, options, &chosen, &found.options)?;
        // Artifacts that only these values lead to have options of their own.
        let mut used = own;
        for variant in artifact.variants() {
            if let Some(variant) = found.variant(variant) {
                let below = check::options_below(self, &variant);
                used.extend(below.map_err(|problem| made_from(artifact, &chosen, problem))?);
            }
        }
        check_driven(&used, options, &chosen, &found.options)?;
        found.options.retain(|name, _| used.contains(name));
        Ok(found)
    }

    fn unknown_option(&self, name: &str) -> SelectError {
        let names = |artifact: &Artifact| {
            let names = artifact.axes.keys().chain(artifact.options.keys());
            names.map(ToString::to_string).collect::<Vec<_>>()
        };
        let valid: BTreeSet<String> = self.artifacts().flat_map(names).collect();
        let mut artifacts = self.artifacts();
        if let Some(artifact) = artifacts.find(|artifact| {
            let mut constants = artifact.scope.constants().keys();
            constants.any(|constant| constant.as_str() == name)
        }) {
            return SelectError::InName {
                name: name.to_owned(),
                artifact: artifact.name.clone(),
            };
        }
        SelectError::UnknownOption {
            name: name.to_owned(),
            nearest: nearest(name, valid.iter().map(String::as_str)).map(str::to_owned),
            valid: valid.into_iter().collect(),
        }
    }
}

fn has_axis(artifact: &Artifact, name: &str) -> bool {
    artifact.axes.contains_key(name)
}

/// Refuses a value that the option cannot take.
fn check_option(
    name: &VariableName,
    option: &OptionValues,
    value: &str,
) -> Result<(), SelectError> {
    if option.takes(value) {
        return Ok(());
    }
    Err(SelectError::InvalidValue {
        what: format!("option `{name}`"),
        value: value.to_owned(),
        valid: option.values.clone(),
        nearest: nearest(value, option.values.iter().map(String::as_str)).map(str::to_owned),
    })
}

/// Refuses a value that the axis `name` of `artifact`, if it has one, does not have.
fn check_axis(artifact: &Artifact, name: &str, value: &str) -> Result<(), SelectError> {
    match artifact.axes.get(name) {
        Some(values) if !values.iter().any(|valid| valid == value) => {
            Err(wrong_axis_value(Some(artifact), &[artifact], name, value))
        }
        _ => Ok(()),
    }
}

/// The error on `value`, which is no value of the axis `name` of any artifact in `having`.
fn wrong_axis_value(
    artifact: Option<&Artifact>,
    having: &[&Artifact],
    name: &str,
    value: &str,
) -> SelectError {
    let mut valid: Vec<String> = Vec::new();
    for known in having.iter().flat_map(|it| &it.axes[name]) {
        if !valid.contains(known) {
            valid.push(known.clone());
        }
    }
    let of = artifact.map(|artifact| format!(" of artifact `{}`", artifact.name));
    let of = of.unwrap_or_default();
    SelectError::InvalidValue {
        what: format!("axis `{name}`{of}"),
        value: value.to_owned(),
        nearest: nearest(value, valid.iter().map(String::as_str)).map(str::to_owned),
        valid,
    }
}

/// Refuses values that the defaults of the options `used` give and that these options cannot take.
fn check_driven(
    used: &BTreeSet<VariableName>,
    options: &BTreeMap<VariableName, OptionValues>,
    chosen: &BTreeMap<VariableName, String>,
    values: &BTreeMap<VariableName, String>,
) -> Result<(), SelectError> {
    let wrong = used
        .iter()
        .find(|name| !options[*name].takes(&values[*name]));
    match wrong {
        None => Ok(()),
        Some(name) => Err(SelectError::DrivenValue {
            set: assignments(chosen),
            name: name.clone(),
            default: options[name].default.to_string(),
            value: values[name].clone(),
            valid: options[name].values.clone(),
        }),
    }
}

fn made_from(
    artifact: &Artifact,
    chosen: &BTreeMap<VariableName, String>,
    found: Box<Found>,
) -> SelectError {
    SelectError::MadeFrom {
        artifact: artifact.name.clone(),
        set: assignments(chosen),
        found,
    }
}

/// The values in the form of `--set`.
fn assignments(chosen: &BTreeMap<VariableName, String>) -> Box<[String]> {
    let all = chosen.iter();
    all.map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests;
