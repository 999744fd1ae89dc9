//! What is to be built, and what is there already.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use buildkit_client::CancellationToken;
use catalog::{CheckedCatalog, ContextPath, Kind, Plan, Platform, Read, Variant};
use fleet::{
    BuildFailure, FoundAgents, GivenUp, ImagePlan, LoadedSecrets, Output, OutputLock,
    RegistryAccess, Standing, Work,
};

use super::destination::Place;
use crate::{
    args::BuildArgs,
    failure::{Exit, Failure},
    image_names::{names, refuse_one_name, whole_id},
};

/// What is to be built, and what is there already.
pub(super) struct Todo {
    pub(super) work: Vec<Work>,
    pub(super) up_to_date: Vec<Output>,
    /// All outputs, in the order of the selection.
    pub(super) order: Vec<Key>,
    /// The locks of what is to be built, held until it is.
    pub(super) locks: Vec<OutputLock>,
}

/// How a build waits for another one that writes the same outputs.
pub(super) struct Waiting<'a> {
    /// Told what is waited for.
    pub(super) tell: &'a dyn Fn(String),
    /// Whether the wait is given up.
    pub(super) is_given_up: &'a dyn Fn() -> bool,
}

/// What tells outputs apart: the artifact, its values, and the first of its platforms.
pub(super) type Key = (String, BTreeMap<String, String>, String);

fn key(variant: &Variant) -> Key {
    (
        variant.artifact.to_string(),
        variant.values_as_text(),
        variant.platform.to_string(),
    )
}

fn key_of(output: &Output) -> Key {
    let platform = output.platform.split(',').next().unwrap_or_default();
    (
        output.artifact.clone(),
        output.values.clone(),
        platform.to_owned(),
    )
}

/// Leaves out what is there already, and makes sure that the rest has its secrets. What is to be written is locked before
/// it is looked at.
pub(super) fn sorted(
    catalog: &CheckedCatalog,
    args: &BuildArgs,
    place: &Place,
    plans: Vec<Plan>,
    (secrets, agents): (&LoadedSecrets, &FoundAgents),
    waiting: &Waiting<'_>,
) -> Result<Todo, Failure> {
    let inspection = args.reuse.inspection();
    let always = args.reuse.builds_always();
    let (mut up_to_date, mut order, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let groups = place.groups(plans)?;
    // What is to be pushed is looked for in the registries.
    let recorded = place.with_records();
    let has_record = |group: &[Plan]| !(group[0].kind == Kind::Image && args.image.push);
    let mut locks = match recorded {
        Some(directory) => {
            let written = groups.iter().filter(|group| has_record(group));
            locked(directory, written.map(|group| &group[0]), waiting)?
        }
        None => BTreeMap::new(),
    };
    for group in groups {
        order.push(key(&group[0].variant));
        let directory = match recorded {
            Some(directory) if !always && has_record(&group) => directory,
            _ => {
                left.push(group);
                continue;
            }
        };
        let output = &group[0].output;
        match fleet::standing(&group, directory, inspection, locks.get(output)) {
            Standing::UpToDate(found) => {
                locks.remove(output);
                up_to_date.push(*found);
            }
            Standing::Build(_) => left.push(group),
        }
    }
    let groups = left;
    refuse_missing_secrets(groups.iter().flatten(), secrets)?;
    refuse_missing_agents(groups.iter().flatten(), agents)?;
    let work = groups
        .into_iter()
        .map(|group| work(catalog, args, group))
        .collect::<Result<Vec<_>, _>>()?;
    refuse_one_name(work.iter().filter_map(|work| match work {
        Work::Image(image) => Some((&image.plans[0].variant, &image.names)),
        Work::Tar(_) => None,
    }))?;
    Ok(Todo {
        work,
        up_to_date,
        order,
        locks: locks.into_values().collect(),
    })
}

/// The locks of outputs, taken in the order of their paths.
fn locked<'a>(
    directory: &Path,
    plans: impl Iterator<Item = &'a Plan>,
    waiting: &Waiting<'_>,
) -> Result<BTreeMap<ContextPath, OutputLock>, Failure> {
    fleet::raise_file_limit();
    let plans: BTreeMap<&ContextPath, &Plan> = plans.map(|plan| (&plan.output, plan)).collect();
    let lock = |(output, plan): (&ContextPath, &Plan)| {
        let lock = OutputLock::acquire(directory, plan, waiting.tell, waiting.is_given_up);
        lock.map(|lock| (output.clone(), lock))
    };
    let locks: Result<_, GivenUp> = plans.into_iter().map(lock).collect();
    locks.map_err(|error| Failure::new(Exit::Failed, error))
}

fn work(catalog: &CheckedCatalog, args: &BuildArgs, mut plans: Vec<Plan>) -> Result<Work, Failure> {
    if plans[0].kind == Kind::Image {
        let id = whole_id(catalog, &plans);
        let names = names(catalog, &args.image, args.load.is_some(), &plans, id)?;
        return Ok(Work::Image(ImagePlan { plans, names, id }));
    }
    Ok(Work::Tar(Box::new(plans.remove(0))))
}

impl Todo {
    /// Leaves out the images that are in all their registries already. A registry that cannot be asked is told of by `tell`,
    /// and the image is built: the daemon may well reach it.
    pub(super) async fn leave_out_published(
        &mut self,
        access: &RegistryAccess,
        cancelled: &CancellationToken,
        tell: &(dyn Fn(String) + Sync),
    ) {
        let mut left = Vec::new();
        for work in std::mem::take(&mut self.work) {
            let Work::Image(image) = &work else {
                left.push(work);
                continue;
            };
            let Some(id) = image.id else {
                left.push(work);
                continue;
            };
            let platforms: Vec<Platform> = image
                .plans
                .iter()
                .map(|plan| plan.variant.platform.clone())
                .collect();
            match fleet::published(&image.names, id, &platforms, access, cancelled).await {
                Ok(Some(published)) => self.up_to_date.push(image.published(published)),
                Ok(None) => left.push(work),
                Err(error) => {
                    let source = &error.problem;
                    tell(format!("{error}, so it is built: {source}"));
                    left.push(work);
                }
            }
        }
        self.work = left;
    }
}

/// A step that lacks a secret would fail in the middle of the build.
fn refuse_missing_secrets<'a>(
    plans: impl Iterator<Item = &'a Plan>,
    secrets: &LoadedSecrets,
) -> Result<(), Failure> {
    let reads = plans.flat_map(|plan| &plan.reads);
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
        format!(
            "the build needs the secret(s) {}",
            catalog::listed(&missing)
        ),
    )
    .with_hint(hint))
}

/// As with secrets.
fn refuse_missing_agents<'a>(
    mut plans: impl Iterator<Item = &'a Plan>,
    agents: &FoundAgents,
) -> Result<(), Failure> {
    let missing = plans.find_map(|plan| {
        plan.reads.iter().find_map(|read| match read {
            Read::Ssh { id } if !agents.has(id) => Some(id),
            _ => None,
        })
    });
    let Some(id) = missing else { return Ok(()) };
    let error = format!("the build needs the ssh agent `{id}`");
    let hint =
        format!("add `--ssh {id}` for the agent that SSH_AUTH_SOCK names, or `--ssh {id}=SOCKET`");
    Err(Failure::new(Exit::Usage, error).with_hint(hint))
}

/// What was built with what was there, in the order of the selection.
pub(super) fn together(
    built: Result<Vec<Output>, BuildFailure>,
    up_to_date: Vec<Output>,
    order: &[Key],
) -> Result<Vec<Output>, BuildFailure> {
    let merged = |mut outputs: Vec<Output>| {
        outputs.extend(up_to_date);
        outputs.sort_by_key(|output| order.iter().position(|key| *key == key_of(output)));
        outputs
    };
    match built {
        Ok(outputs) => Ok(merged(outputs)),
        Err(BuildFailure {
            outputs,
            failures,
            is_told,
        }) => Err(BuildFailure {
            outputs: merged(outputs),
            failures,
            is_told,
        }),
    }
}
