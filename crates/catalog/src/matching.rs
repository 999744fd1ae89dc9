//! The artifacts that a name, prefix, glob or group stands for.

use std::collections::BTreeMap;

use globset::Glob;

use crate::{artifact::Artifact, name::ArtifactName};

/// The artifacts of `order` that a pattern stands for; `group` finds those of a group. A stage is none of them, as it is
/// not delivered.
pub(crate) fn matching<'a>(
    pattern: &str,
    order: &'a [ArtifactName],
    artifacts: &'a BTreeMap<ArtifactName, Artifact>,
    group: impl Fn(&str) -> Option<Vec<&'a ArtifactName>>,
) -> Vec<&'a ArtifactName> {
    let is_delivered = |name: &&ArtifactName| artifacts[*name].kind().is_delivered();
    if let Some((name, _)) = artifacts.get_key_value(pattern) {
        return Some(name).filter(is_delivered).into_iter().collect();
    }
    if let Some(members) = group(pattern) {
        return members;
    }
    let order = || order.iter().filter(is_delivered);
    if pattern == "all" {
        return order().collect();
    }
    let is_below = |name: &&ArtifactName| {
        let rest = name.as_str().strip_prefix(pattern.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let below: Vec<&ArtifactName> = order().filter(is_below).collect();
    if !below.is_empty() {
        return below;
    }
    match Glob::new(pattern) {
        Ok(glob) => {
            let glob = glob.compile_matcher();
            let is_match = |name: &&ArtifactName| glob.is_match(name.as_str());
            order().filter(is_match).collect()
        }
        Err(_) => Vec::new(),
    }
}
