//! What the files of a call describe together.

use std::collections::BTreeSet;

use crate::{
    convert::Shared,
    describe::{Described, Family},
    import::ImportError,
    matrix::{Families, families},
    model::Rows,
    target::{NamedContext, Target},
};

/// Targets with their groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Project {
    pub(crate) targets: Vec<Target>,
    pub(crate) default: Vec<String>,
    pub(crate) groups: Vec<(String, Vec<String>)>,
    pub(crate) axes: BTreeSet<String>,
    pub(crate) values: Vec<Rows>,
}

impl Project {
    pub(crate) fn of(target: Target) -> Self {
        Self {
            targets: vec![target],
            ..Self::default()
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.targets.extend(other.targets);
        self.default.extend(other.default);
        self.groups.extend(other.groups);
        self.axes.extend(other.axes);
        self.values.extend(other.values);
    }
}

/// A name of an artifact: what is neither letter, digit, `.`, `_` nor `-` becomes a `-`.
pub(crate) fn word(name: &str) -> String {
    let usable = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(usable).collect();
    match name.trim_matches(['-', '.']) {
        // As a base it is nothing at all.
        "scratch" => "scratch-image".to_owned(),
        name => name.to_owned(),
    }
}

impl Project {
    /// The project of targets that a file describes, with its groups.
    pub(crate) fn described(
        described: &[Described],
        groups: &[(String, Vec<String>)],
        shared: &mut Shared<'_>,
    ) -> Result<Self, ImportError> {
        let Families { families, values } = families(described, groups);
        let mut project = Self::default();
        for (axis, rows) in &values {
            for (field, text) in rows.iter().take(1).flat_map(|(_, fields)| fields) {
                let first = text.as_literal().unwrap_or_default();
                shared.options.know(&format!("{axis}.{field}"), &first);
            }
        }
        for family in &families {
            for (axis, values) in &family.axes {
                shared
                    .options
                    .axis(axis, values.first().map_or("", String::as_str));
                project.axes.insert(axis.clone());
            }
        }
        for family in &families {
            if family.name.is_empty() {
                let first = &family.members[0];
                let reason = format!("`{}` is no name of an artifact", first.name);
                return Err(ImportError::new(&first.file, first.line, reason));
            }
            project.targets.push(family.target(shared)?);
        }
        project.values = values;
        project.link(&families);
        project.group(&families, groups);
        Ok(project)
    }

    /// Stages of one target that another target is, by their names.
    fn link(&mut self, families: &[Family]) {
        let all = self.targets.clone();
        for (target, family) in self.targets.iter_mut().zip(families) {
            for (other, of_other) in all.iter().zip(families) {
                let is_one = |family: &Family| family.members.len() == 1;
                let is_same = other.name != target.name
                    && (
                        &other.file,
                        &other.text,
                        &other.context,
                        &other.args,
                        &other.contexts,
                    ) == (
                        &target.file,
                        &target.text,
                        &target.context,
                        &target.args,
                        &target.contexts,
                    )
                    && is_one(family)
                    && is_one(of_other);
                if let (true, Some(stage)) = (is_same, &other.stage) {
                    target
                        .aliases
                        .insert(stage.to_lowercase(), other.name.clone());
                }
            }
            for context in target.contexts.values_mut() {
                if let NamedContext::Artifact(name) = context {
                    *name = artifact(families, name).unwrap_or_else(|| word(name));
                }
            }
        }
    }

    fn group(&mut self, families: &[Family], groups: &[(String, Vec<String>)]) {
        for (name, members) in groups {
            let mut artifacts: Vec<String> = Vec::new();
            // There is no group `default` here: it is what it holds.
            let of_default = groups.iter().find(|(other, _)| other == "default");
            let of_default = of_default.map(|(_, members)| members.as_slice());
            let members = members.iter().flat_map(|member| match of_default {
                Some(members) if member == "default" => members,
                _ => std::slice::from_ref(member),
            });
            for member in members {
                let of_member = artifact(families, member).or_else(|| {
                    let is_group = groups.iter().any(|(other, _)| other == member);
                    is_group.then(|| word(member))
                });
                artifacts.extend(of_member.filter(|name| !artifacts.contains(name)));
            }
            let own = word(name);
            if name == "default" {
                self.default = artifacts;
            } else if !families.iter().any(|family| family.name == own) {
                self.groups.push((own, artifacts));
            }
        }
    }
}

/// The artifact that a target is.
fn artifact(families: &[Family], target: &str) -> Option<String> {
    let has = |family: &&Family| family.members.iter().any(|member| member.name == target);
    families.iter().find(has).map(|family| family.name.clone())
}
