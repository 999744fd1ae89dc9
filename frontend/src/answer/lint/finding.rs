//! The findings in plans, each once for all variants.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{CA_SECRET, Inputs, LOCK_FILE, Pinned, Plan, Read, Reference, Written, listed};

use super::rule::Rule;

/// Something that is worth a warning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    /// Its place.
    pub(super) place: Option<Written>,
    pub(super) detail: String,
}

/// The findings in `plans`, rule by rule.
pub(super) fn findings(plans: &[Plan], inputs: &Inputs) -> Vec<Finding> {
    let mut findings = references(plans, inputs);
    findings.sort_by_key(|finding| finding.rule);
    findings.extend(packages(plans, inputs));
    findings.extend(contexts(plans));
    findings
}

/// References that the lock does not pin.
fn references(plans: &[Plan], inputs: &Inputs) -> Vec<Finding> {
    let mut platforms: BTreeMap<(Written, String, Rule), BTreeSet<String>> = BTreeMap::new();
    for Reference { source, place } in plans.iter().flat_map(|plan| &plan.unpinned) {
        let key = (place.clone(), source.name(), rule(source, inputs));
        let of_reference = platforms.entry(key).or_default();
        if let Pinned::Image { platform, .. } = source {
            of_reference.insert(platform.to_string());
        }
    }
    let finding = |((place, name, rule), platforms): (_, BTreeSet<String>)| {
        let lacks = match rule {
            Rule::IncompleteLock => format!(
                "`{LOCK_FILE}` has no config of `{name}` for {}",
                listed(&platforms)
            ),
            _ => format!("`{name}` is not in `{LOCK_FILE}`, and may be another one tomorrow"),
        };
        Finding {
            rule,
            detail: format!("{place}: {lacks}; `llbgen lock` writes it there"),
            place: Some(place),
        }
    };
    platforms.into_iter().map(finding).collect()
}

/// The rule for a reference: an image at a known digest stays the same, and only its config has to be asked for.
fn rule(source: &Pinned, inputs: &Inputs) -> Rule {
    match source {
        Pinned::Image { reference, .. }
            if reference.digest().is_some() || inputs.lock.image(reference).is_some() =>
        {
            Rule::IncompleteLock
        }
        _ => Rule::UnpinnedReference,
    }
}

/// Packages that are as new as the cache of the daemon that installs them.
fn packages(plans: &[Plan], inputs: &Inputs) -> Option<Finding> {
    let networked: BTreeSet<String> = plans
        .iter()
        .filter(|plan| plan.reads.iter().any(is_of_network))
        .map(|plan| plan.variant.artifact.to_string())
        .collect();
    if networked.is_empty() || inputs.lock.epoch().is_some() {
        return None;
    }
    let detail = format!(
        "steps of {} install from the network, and `{LOCK_FILE}` does not say as of when; `llbgen lock` writes it there",
        listed(&networked)
    );
    Some(Finding {
        rule: Rule::NoPackagesEpoch,
        place: None,
        detail,
    })
}

/// Whether it is the read of more certificates, which every step with a network has.
fn is_of_network(read: &Read) -> bool {
    matches!(read, Read::Secret { id, .. } if id.as_str() == CA_SECRET)
}

/// Directories that were not given.
fn contexts(plans: &[Plan]) -> Vec<Finding> {
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for plan in plans {
        for context in &plan.missing {
            let reads = missing.entry(context.name.to_string()).or_default();
            reads.insert(plan.variant.artifact.to_string());
        }
    }
    let finding = |(name, artifacts): (String, BTreeSet<String>)| Finding {
        rule: Rule::MissingBuildContext,
        place: None,
        detail: format!(
            "the build context `{name}`, needed for {}, is not given; add `--build-context {name}=DIR`",
            listed(&artifacts)
        ),
    };
    missing.into_iter().map(finding).collect()
}
