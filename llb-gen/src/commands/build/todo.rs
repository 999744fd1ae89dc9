//! What is to be built, and what is there already.

use std::{collections::BTreeSet, path::PathBuf};

use catalog::{Plan, Read};
use fleet::{BuildFailure, Inspection, LoadedSecrets, Output, Standing};

use crate::{
    args::BuildArgs,
    failure::{Exit, Failure, list},
};

/// What is to be built, and what is there already.
pub(super) struct Todo {
    pub(super) plans: Vec<Plan>,
    pub(super) up_to_date: Vec<Output>,
    /// The paths of all outputs, in the order of the selection.
    pub(super) order: Vec<PathBuf>,
}

/// Leaves out what is there already, and makes sure that the rest has its secrets.
pub(super) fn sorted(
    args: &BuildArgs,
    plans: Vec<Plan>,
    secrets: &LoadedSecrets,
) -> Result<Todo, Failure> {
    let mut todo = Todo {
        plans: Vec::new(),
        up_to_date: Vec::new(),
        order: Vec::new(),
    };
    let inspection = if args.reuse.verify {
        Inspection::Full
    } else {
        Inspection::Quick
    };
    for plan in plans {
        todo.order.push(args.output.join(plan.output.as_str()));
        if args.reuse.no_skip || args.reuse.no_cache {
            todo.plans.push(plan);
            continue;
        }
        match fleet::standing(&plan, &args.output, inspection) {
            Standing::UpToDate(output) => todo.up_to_date.push(*output),
            Standing::Build(_) => todo.plans.push(plan),
        }
    }
    refuse_missing_secrets(&todo.plans, secrets)?;
    Ok(todo)
}

/// A step that lacks a secret would fail in the middle of the build.
fn refuse_missing_secrets(plans: &[Plan], secrets: &LoadedSecrets) -> Result<(), Failure> {
    let reads = plans.iter().flat_map(|plan| &plan.reads);
    let missing: BTreeSet<String> = reads
        .filter_map(|read| match read {
            Read::Secret {
                id,
                optional: false,
            } if !secrets.has(id) => Some(id.to_string()),
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = missing.into_iter().collect();
    let hint = format!(
        "add `--secret id={},src=FILE` or `--secret id={0},env=VARIABLE`",
        missing[0]
    );
    Err(Failure::new(
        Exit::Usage,
        format!("the build needs the secret(s) {}", list(&missing)),
    )
    .with_hint(hint))
}

/// What was built with what was there, in the order of the selection.
pub(super) fn together(
    built: Result<Vec<Output>, BuildFailure>,
    up_to_date: Vec<Output>,
    order: &[PathBuf],
) -> Result<Vec<Output>, BuildFailure> {
    let merged = |mut outputs: Vec<Output>| {
        outputs.extend(up_to_date);
        outputs.sort_by_key(|output| order.iter().position(|path| *path == output.path));
        outputs
    };
    match built {
        Ok(outputs) => Ok(merged(outputs)),
        Err(BuildFailure { outputs, failures }) => Err(BuildFailure {
            outputs: merged(outputs),
            failures,
        }),
    }
}
