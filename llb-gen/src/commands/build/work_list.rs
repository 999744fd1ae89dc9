//! What is to be built, and what is there already.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use buildkit_client::CancellationToken;
use catalog::{CheckedCatalog, ContextPath, Kind, Plan, Platform, Read, Variant};
use engine::{
    BuildFailure, Event, FoundAgents, Freshness, GivenUp, ImagePlan, LoadedSecrets, Output,
    OutputDirectory, OutputLock, Presence, RegistryAccess, Wanted, Work, resolve::ResolveError,
};

use super::destination::Place;
use crate::{
    args::BuildArgs,
    failure::{Exit, Failure},
    image_names::{Goal, refuse_one_name},
    leaving::Leaving,
    planning::Asked,
    progress::Progress,
};

/// What is to be built, and what is there already.
pub(super) struct WorkList {
    pub(super) work: Vec<Work>,
    pub(super) up_to_date: Vec<Output>,
    /// All outputs, in the order of the selection.
    pub(super) order: Vec<Key>,
    /// What is to be told before anything is built.
    warnings: Vec<String>,
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
/// it is looked at. Of images that are pushed, `plans` has all platforms, of which those in `asked` are built.
pub(super) fn sorted(
    (catalog, args, place): (&CheckedCatalog, &BuildArgs, &Place),
    asked: &Asked,
    plans: Vec<Plan>,
    (secrets, agents): (&LoadedSecrets, &FoundAgents),
    waiting: &Waiting<'_>,
) -> Result<WorkList, Failure> {
    let inspection = args.reuse.inspection();
    let always = args.reuse.builds_always();
    let (mut up_to_date, mut order, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let mut warnings = Vec::new();
    let groups = place.groups(plans)?.into_iter().map(|group| {
        let goal = place.goal(group[0].kind == Kind::Image && args.image.push);
        work(catalog, args, goal, (asked, &mut warnings), group)
    });
    let groups = groups.collect::<Result<Vec<_>, _>>()?;
    // What is to be pushed is looked for in the registries.
    let recorded = place.with_records();
    let has_record = |work: &Work| !(args.image.push && matches!(work, Work::Image(_)));
    let mut locks = match recorded {
        Some(directory) => {
            let written = groups.iter().filter(|work| has_record(work));
            locked(directory, written.map(|work| &work.plans()[0]), waiting)?
        }
        None => BTreeMap::new(),
    };
    for work in groups {
        order.push(key(&work.plans()[0].variant));
        let directory = match recorded {
            Some(directory) if !always && has_record(&work) => directory,
            _ => {
                all.push(work);
                continue;
            }
        };
        let output = &work.plans()[0].output;
        let lock = locks.get(output);
        match engine::freshness(work.plans(), work.names(), directory, inspection, lock) {
            Freshness::UpToDate(found) => {
                locks.remove(output);
                up_to_date.push(*found);
            }
            Freshness::Build(_) => all.push(work),
        }
    }
    refuse_missing_secrets(all.iter().flat_map(Work::plans), secrets)?;
    refuse_missing_agents(all.iter().flat_map(Work::plans), agents)?;
    if args.image.push || args.load.is_some() {
        refuse_one_name(all.iter().filter_map(|work| match work {
            Work::Image(image) => Some((&image.plans[0].variant, &image.names)),
            Work::Tar(_) => None,
        }))?;
    }
    Ok(WorkList {
        work: all,
        up_to_date,
        order,
        warnings,
        locks: locks.into_values().collect(),
    })
}

/// The locks of outputs, taken in the order of their paths.
fn locked<'a>(
    directory: &Path,
    plans: impl Iterator<Item = &'a Plan>,
    waiting: &Waiting<'_>,
) -> Result<BTreeMap<ContextPath, OutputLock>, Failure> {
    let plans: BTreeMap<&ContextPath, &Plan> = plans.map(|plan| (&plan.output, plan)).collect();
    let directory = OutputDirectory::new(directory);
    let lock = |(output, plan): (&ContextPath, &Plan)| {
        let lock = OutputLock::acquire(&directory, plan, waiting.tell, waiting.is_given_up);
        lock.map(|lock| (output.clone(), lock))
    };
    let locks: Result<_, GivenUp> = plans.into_iter().map(lock).collect();
    locks.map_err(|error| Failure::new(Exit::Failed, error))
}

fn work(
    catalog: &CheckedCatalog,
    args: &BuildArgs,
    goal: Goal,
    (asked, warnings): (&Asked, &mut Vec<String>),
    mut plans: Vec<Plan>,
) -> Result<Work, Failure> {
    if plans[0].kind == Kind::Image {
        let image = Leaving::of(catalog, &args.image, goal, plans, asked)?;
        warnings.extend(image.warning());
        return Ok(Work::Image(ImagePlan {
            plans: image.plans,
            names: image.names.unwrap_or_default(),
            id: image.id,
            declared: image.declared,
        }));
    }
    Ok(Work::Tar(Box::new(plans.remove(0))))
}

impl WorkList {
    /// Tells what a user must know before anything is built.
    pub(super) fn warn(&self, progress: &Progress) {
        for warning in &self.warnings {
            progress.send(Event::Warning(warning.clone()));
        }
    }

    /// Leaves out the images that are in all their registries already; of those whose platforms are there one by one, the
    /// tags are moved. A registry that cannot be asked is told of by `tell`, and the image is built: the daemon may well
    /// reach it.
    pub(super) async fn leave_out_published(
        &mut self,
        access: &RegistryAccess,
        cancelled: &CancellationToken,
        tell: &(dyn Fn(String) + Sync),
    ) {
        let all = std::mem::take(&mut self.work);
        let asked: Vec<Vec<Platform>> = all.iter().map(asked).collect();
        let wanted: Vec<Option<Wanted<'_>>> = all
            .iter()
            .zip(&asked)
            .map(|(work, asked)| wanted(work, asked))
            .collect();
        let images = wanted.iter().flatten().copied();
        let presences = engine::presences(images, access, cancelled).await;
        let mut presences = presences.into_iter();
        let mut found = Vec::new();
        for (work, wanted) in all.iter().zip(&wanted) {
            found.push(match (work, wanted.and_then(|_| presences.next())) {
                (Work::Image(image), Some(presence)) => {
                    published(image, presence, access, cancelled, tell).await
                }
                _ => None,
            });
        }
        for (work, found) in all.into_iter().zip(found) {
            match found {
                Some(output) => self.up_to_date.push(output),
                None => self.work.push(work),
            }
        }
    }
}

/// The platforms of an image that are built.
fn asked(work: &Work) -> Vec<Platform> {
    match work {
        Work::Image(image) => image.asked().cloned().collect(),
        Work::Tar(_) => Vec::new(),
    }
}

/// What the registries are asked; `None` for what is in none.
fn wanted<'a>(work: &'a Work, asked: &'a [Platform]) -> Option<Wanted<'a>> {
    match work {
        Work::Image(image) => Some(Wanted {
            names: &image.names,
            id: image.id?,
            asked,
            declared: &image.declared,
        }),
        Work::Tar(_) => None,
    }
}

/// What the registries have of an image, if nothing is to be built.
async fn published(
    image: &ImagePlan,
    presence: Result<Presence, ResolveError>,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
    tell: &(dyn Fn(String) + Sync),
) -> Option<Output> {
    match presence {
        Ok(Presence::Whole(published) | Presence::Part(published)) => {
            Some(image.published(published))
        }
        Ok(Presence::Missing) => None,
        Ok(Presence::Parts(joinable)) => {
            match engine::join(&image.names, &joinable, access, cancelled).await {
                Ok(published) => {
                    tell(joined(image));
                    Some(image.published(published))
                }
                Err(error) => {
                    tell(format!("{error}, so it is built: {}", error.problem));
                    None
                }
            }
        }
        Err(error) => {
            tell(format!("{error}, so it is built: {}", error.problem));
            None
        }
    }
}

fn joined(image: &ImagePlan) -> String {
    let artifact = &image.plans[0].variant.artifact;
    let platforms = catalog::listed(image.declared.iter().map(ToString::to_string));
    let which = if image.asked().count() < image.declared.len() {
        "its other platforms are in the registries, too"
    } else {
        "its platforms are in the registries, one by one"
    };
    format!("`{artifact}`: {which}: {platforms} are one image now")
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
