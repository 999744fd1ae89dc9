//! Groups and the default: every name in them stands for something, and none stands for two things.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    artifact::Artifact,
    catalog::DeclaredGroup,
    matching::matching,
    name::{ArtifactName, VariableName},
    nearest::nearest,
    problem::{Found, Problem},
};

/// The artifacts of each group, and those of the default.
#[derive(Default)]
pub(super) struct Groups {
    pub(super) members: BTreeMap<String, BTreeSet<ArtifactName>>,
    pub(super) defaults: Vec<ArtifactName>,
    pub(super) problems: Vec<Found>,
}

pub(super) struct Names<'a> {
    pub(super) order: &'a [ArtifactName],
    pub(super) artifacts: &'a BTreeMap<ArtifactName, Artifact>,
    pub(super) groups: &'a [DeclaredGroup],
}

impl Groups {
    pub(super) fn of(defaults: &[String], names: &Names<'_>) -> Self {
        let mut found = Self::default();
        for group in names.groups {
            found.problems.extend(names.problems(group));
            let mut way = Vec::new();
            match names.members(group, &mut way) {
                Ok(members) => {
                    let members = members.into_iter().cloned().collect();
                    found.members.insert(group.name.clone(), members);
                }
                Err(problem) => found.problems.push(about(group, problem)),
            }
        }
        let mut selected: BTreeSet<&ArtifactName> = BTreeSet::new();
        for pattern in defaults {
            let matched = names.matching(pattern, &mut Vec::new());
            match matched {
                Ok(matched) if !matched.is_empty() => selected.extend(matched),
                // A circle of groups is told with the groups.
                Err(_) => {}
                Ok(_) => found.problems.push(Found {
                    subject: "defaults".to_owned(),
                    place: None,
                    uses: Vec::new(),
                    problem: Problem::UnknownDefault {
                        name: pattern.clone(),
                        nearest: names.nearest(pattern),
                    },
                }),
            }
        }
        let order = names.order.iter();
        let defaults = order.filter(|name| selected.contains(name)).cloned();
        found.defaults = defaults.collect();
        found
    }
}

impl<'a> Names<'a> {
    fn problems(&self, group: &DeclaredGroup) -> Vec<Found> {
        let mut problems = Vec::new();
        if let Err(error) = group.name.parse::<VariableName>() {
            problems.push(Problem::Name(error));
        }
        let prefix = format!("{}/", group.name);
        let is_taken = |name: &&ArtifactName| {
            name.as_str() == group.name || name.as_str().starts_with(&prefix)
        };
        if group.name == "all" {
            problems.push(Problem::GroupTaken {
                other: "the word for all artifacts and the group".to_owned(),
            });
        } else if let Some(other) = self.order.iter().find(is_taken) {
            let other = if other.as_str() == group.name {
                "an artifact and the group".to_owned()
            } else {
                format!("the artifacts below `{prefix}` and the group")
            };
            problems.push(Problem::GroupTaken { other });
        }
        let problems = problems.into_iter();
        problems.map(|problem| about(group, problem)).collect()
    }

    /// The artifacts of a group; `way` are the groups that lead to it.
    fn members(
        &self,
        group: &'a DeclaredGroup,
        way: &mut Vec<&'a str>,
    ) -> Result<BTreeSet<&'a ArtifactName>, Problem> {
        if way.contains(&group.name.as_str()) {
            let chain = way.iter().copied().chain([group.name.as_str()]);
            let chain = chain.map(str::to_owned).collect();
            return Err(Problem::GroupCircle { chain });
        }
        way.push(&group.name);
        let mut members = BTreeSet::new();
        for pattern in &group.members {
            let matched = self.matching(pattern, way)?;
            if matched.is_empty() {
                return Err(Problem::UnknownMember {
                    name: pattern.clone(),
                    nearest: self.nearest(pattern),
                });
            }
            members.extend(matched);
        }
        way.pop();
        Ok(members)
    }

    fn matching(
        &self,
        pattern: &str,
        way: &mut Vec<&'a str>,
    ) -> Result<Vec<&'a ArtifactName>, Problem> {
        let mut groups = self.groups.iter();
        if !self.artifacts.contains_key(pattern)
            && let Some(group) = groups.find(|group| group.name == pattern)
        {
            return Ok(self.members(group, way)?.into_iter().collect());
        }
        Ok(matching(pattern, self.order, self.artifacts, |_| None))
    }

    fn nearest(&self, pattern: &str) -> Option<String> {
        let names = self.order.iter().map(ArtifactName::as_str);
        let names = names.chain(self.groups.iter().map(|group| group.name.as_str()));
        nearest(pattern, names).map(str::to_owned)
    }
}

fn about(group: &DeclaredGroup, problem: Problem) -> Found {
    Found {
        subject: format!("groups.{}", group.name),
        place: None,
        uses: Vec::new(),
        problem,
    }
}
