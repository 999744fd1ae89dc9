//! What the files of a call describe together.

use std::collections::BTreeSet;

use crate::target::Target;

/// Targets with their groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Project {
    pub(crate) targets: Vec<Target>,
    pub(crate) default: Vec<String>,
    pub(crate) groups: Vec<(String, Vec<String>)>,
    pub(crate) axes: BTreeSet<String>,
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
    name.trim_matches(['-', '.']).to_owned()
}
