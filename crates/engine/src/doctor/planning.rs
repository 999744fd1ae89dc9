//! The catalog with its inputs and its lock: what can be planned of it, and what is not pinned.

use catalog::LOCK_FILE;

use super::finding::{Check, Finding, Subject};
use crate::{error::NotPinned, workspace::Workspace};

/// The findings about a catalog that was planned.
pub fn planned(workspace: &Workspace<'_>) -> Vec<Finding> {
    let mut findings = vec![inputs(workspace)];
    findings.extend(missing_contexts(workspace));
    findings.extend(pins(workspace));
    findings
}

fn inputs(workspace: &Workspace<'_>) -> Finding {
    let plans: Vec<_> = workspace.asked_plans().collect();
    let mut artifacts: Vec<&str> = plans
        .iter()
        .map(|plan| plan.variant.artifact.as_str())
        .collect();
    artifacts.dedup();
    let text = format!(
        "the inputs of {} artifact(s) in {} variant(s) can be read",
        artifacts.len(),
        plans.len()
    );
    Finding::ok(Subject::Catalog, Check::Catalog, text)
}

/// Directories that the call would have to give are no fault of the set-up.
fn missing_contexts(workspace: &Workspace<'_>) -> Vec<Finding> {
    let Err(missing) = workspace.require_contexts() else {
        return Vec::new();
    };
    let skipped = |line| Finding::skipped(Subject::Catalog, Check::Catalog, line);
    let hint = missing.hint();
    missing
        .lines()
        .map(|line| skipped(line).then(&hint))
        .collect()
}

/// A warning for each reference that the lock does not pin.
fn pins(workspace: &Workspace<'_>) -> Vec<Finding> {
    let Err(not_pinned) = NotPinned::refuse(workspace.unpinned()) else {
        let text = format!("`{LOCK_FILE}` pins all references");
        return vec![Finding::ok(Subject::Catalog, Check::Lock, text)];
    };
    let warning = |line| {
        Finding::warning(Subject::Catalog, Check::Lock, line)
            .then("`llbgen lock` asks what it stands for, and writes it down")
    };
    not_pinned.lines().map(warning).collect()
}
