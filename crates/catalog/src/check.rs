//! Checks a catalog before any input is read.

mod annotations;
mod conditions;
mod dependencies;
mod form;
mod groups;
mod options;
mod outputs;
mod parts;
mod stages;
mod tags;
mod texts;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use buildkit_llb::Platform;

use crate::{
    artifact::{Artifact, Base, RunsOn},
    budget::MAX_VARIANTS,
    catalog::{Catalog, CheckedCatalog},
    expand::{Shared, expand},
    lock::CacheNamespace,
    name::ArtifactName,
    nearest::nearest,
    path::ContextPath,
    problem::{CatalogError, Found, Problem},
    step::StepProblem,
    variant::{self, Variant},
};

use self::{
    conditions::{impossible_conditions, impossible_texts},
    dependencies::{MadeFrom, dependency_problems, lacking, made_from},
    form::form_problems,
    groups::{Groups, Names},
    outputs::output_problems,
    tags::tag_problems,
};
pub(crate) use self::{
    dependencies::{options_below, read_problems},
    outputs::output_path,
    tags::file_tag_paths,
};
pub use self::{outputs::RECORDS_DIRECTORY, tags::ImageNames};

impl Catalog {
    /// Checks the whole catalog: names, bases, cycles, variables in templates, and that no two outputs are one file.
    /// All problems are reported at once.
    pub fn check(self) -> Result<CheckedCatalog, CatalogError> {
        check(self)
    }
}

fn check(catalog: Catalog) -> Result<CheckedCatalog, CatalogError> {
    let of_catalog = catalog.problems.into_iter();
    let of_catalog = of_catalog.map(|problem| options::of_catalog(None, problem));
    let mut problems: Vec<Found> = of_catalog.collect();
    let tables = Arc::new(catalog.values);
    let shared = Shared {
        tables: &tables,
        parts: &catalog.parts,
    };
    let declared = expand(catalog.artifacts, &shared);
    problems.extend(parts::problems(&catalog.parts));
    problems.extend(values::problems(
        &tables,
        &declared,
        &catalog.parts,
        &catalog.options,
    ));
    let mut artifacts = BTreeMap::new();
    let mut order = Vec::new();
    for artifact in declared {
        let name = artifact.name.clone();
        problems.extend(
            own_problems(&artifact)
                .into_iter()
                .map(|problem| about(&artifact, problem)),
        );
        if artifacts.contains_key(&name) {
            problems.push(about(&artifact, Problem::Duplicate));
            continue;
        }
        order.push(name.clone());
        artifacts.insert(name, artifact);
    }
    let groups = Groups::of(
        &catalog.defaults,
        &Names {
            order: &order,
            artifacts: &artifacts,
            groups: &catalog.groups,
        },
    );
    problems.extend(groups.problems);
    let mut checked = CheckedCatalog {
        own_namespace: CacheNamespace::of_artifacts(artifacts.keys()),
        artifacts,
        order,
        groups: groups.members,
        defaults: groups.defaults,
        options: BTreeMap::new(),
        instances: BTreeMap::new(),
        files: catalog.files,
        build_platform: catalog
            .build_platform
            .unwrap_or_else(|| Platform::new("linux", "amd64")),
        tables,
    };
    problems.extend(options::unify(&mut checked, &catalog.options));
    let options = checked.artifacts.values().flat_map(|it| it.options.clone());
    checked.options = options.collect();
    if problems.is_empty() {
        stages::find_instances(&mut checked);
    }
    for artifact in checked.artifacts() {
        problems.extend(
            base_problems(&checked, artifact)
                .into_iter()
                .map(|problem| about(artifact, problem)),
        );
    }
    if problems.is_empty() {
        let made_from = made_from(&checked);
        for artifact in checked.artifacts() {
            let found = dependency_problems(&checked, &made_from, artifact);
            problems.extend(found.into_iter().map(|problem| about(artifact, problem)));
        }
        if problems.is_empty() {
            inherit_options(&mut checked, &made_from);
            stages::find_instances(&mut checked);
            problems.extend(texts::fill(&mut checked));
        }
    }
    if problems.is_empty() {
        problems.extend(step_problems(&checked));
        problems.extend(output_problems(&checked));
        problems.extend(impossible_texts(&checked));
        problems.extend(tag_problems(&checked));
        problems.extend(form_problems(&checked));
    }
    if problems.is_empty() {
        Ok(checked)
    } else {
        Err(CatalogError { problems })
    }
}

/// The problem with its artifact and its place in a file: that of the step or key, or else that of the artifact.
fn about(artifact: &Artifact, problem: Problem) -> Found {
    let place = match &problem {
        Problem::Step { number, nested, .. } => artifact.place_within(*number, nested),
        Problem::CopiedFrom { number, .. }
        | Problem::TarOf { number, .. }
        | Problem::NoTar { number, .. } => artifact.step_place(*number),
        _ => problem.key().and_then(|key| artifact.key_place(key)),
    };
    let place = place.or(artifact.place());
    let uses = match &problem {
        Problem::Step { number, nested, .. } => artifact.uses(*number, nested),
        _ => Vec::new(),
    };
    Found {
        subject: artifact.name.to_string(),
        place: place.map(|place| place.of_text(&problem.written())),
        uses,
        problem,
    }
}

fn own_problems(artifact: &Artifact) -> Vec<Problem> {
    let mut problems = artifact.problems.clone();
    let has_name_problem = |problem: &Problem| {
        matches!(
            problem,
            Problem::ArtifactName { .. } | Problem::NotAnAxis { .. } | Problem::Template(_)
        )
    };
    if let Err(error) = artifact.name.as_str().parse::<ArtifactName>()
        && !problems.iter().any(has_name_problem)
    {
        problems.insert(0, Problem::Name(error));
    }
    problems.extend(stages::problems(artifact));
    problems.extend(too_many_variants(artifact));
    if artifact.exclude.is_some() && problems.is_empty() && artifact.variants().is_empty() {
        problems.push(Problem::NothingLeft);
    }
    if artifact.platforms.is_empty() {
        problems.push(Problem::Empty {
            what: "platforms".to_owned(),
        });
    }
    for (name, values) in &artifact.axes {
        if values.is_empty() {
            problems.push(Problem::Empty {
                what: name.to_string(),
            });
        }
    }
    for name in artifact.axes.keys() {
        if variant::is_reserved(name.as_str()) {
            problems.push(Problem::ReservedVariable {
                name: name.to_string(),
            });
        }
    }
    if artifact.whiteouts.is_some() && !artifact.kind.has_whiteouts() {
        problems.push(Problem::NotALayer {
            kind: artifact.kind.as_str(),
        });
    }
    for (number, step) in artifact.numbered_steps() {
        problems.extend(in_step(number, step.problems()));
    }
    let own = artifact.steps.len();
    for (number, step) in artifact.numbered_steps().skip(own) {
        problems.extend(in_step(number, step.overruling()));
    }
    let words = artifact.axes.values().flatten();
    let braces = words.filter(|word| word.contains(['{', '}']));
    problems.extend(braces.map(|word| Problem::Braces { text: word.clone() }));
    if let Base::FromLine { from } = &artifact.base
        && let Err(error) = from.as_str().parse::<ContextPath>()
    {
        problems.push(Problem::Path(error));
    }
    problems
}

/// The problems of the step with this number.
fn in_step(number: usize, problems: Vec<StepProblem>) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(move |problem| Problem::Step {
        number,
        nested: problem.nested,
        text: problem.text,
        written: problem.written,
    })
}

fn too_many_variants(artifact: &Artifact) -> Option<Problem> {
    let count = artifact.variant_count();
    (count > MAX_VARIANTS).then(|| Problem::TooManyVariants {
        count,
        factors: artifact.variant_factors(),
    })
}

/// The problems that a step has in some variants only: a placeholder without a value, a path that leaves the context
/// directory once it is filled in. Also conditions that hold for no variant. Each problem is reported once.
fn step_problems(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut problems = impossible_conditions(catalog);
    for artifact in catalog.artifacts() {
        for variant in catalog.variants(artifact) {
            let variables = variant.variables();
            for (number, step) in artifact.numbered_steps() {
                for problem in in_step(number, step.problems_with(&variables)) {
                    let problem = about(artifact, problem);
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    problems
}

fn nearest_artifact(catalog: &CheckedCatalog, given: &str) -> Option<String> {
    nearest(given, catalog.order.iter().map(ArtifactName::as_str)).map(str::to_owned)
}

fn base_problems(catalog: &CheckedCatalog, artifact: &Artifact) -> Vec<Problem> {
    let Base::Named(base) = &artifact.base else {
        return Vec::new();
    };
    if let Some(chain) = cycle(catalog, artifact) {
        return vec![Problem::Cycle { chain }];
    }
    let mut problems: Vec<Problem> = Vec::new();
    for variant in catalog.variants(artifact) {
        let found = match base.expand(&variant.variables()) {
            Err(error) => vec![error.into()],
            Ok(name) => named_base_problems(catalog, artifact, &variant, &name),
        };
        let new = found.into_iter().filter(|found| !problems.contains(found));
        let new: Vec<Problem> = new.collect();
        problems.extend(new);
    }
    problems
}

fn named_base_problems(
    catalog: &CheckedCatalog,
    artifact: &Artifact,
    variant: &Variant,
    base: &str,
) -> Vec<Problem> {
    let runs_on_build = artifact.runs_on == RunsOn::Build;
    let holds_programs = artifact.kind.is_delivered() && base != "scratch";
    if runs_on_build && holds_programs {
        return vec![Problem::HoldsBuildPlatform];
    }
    match catalog.artifacts.get(base) {
        Some(below) if runs_on_build && below.runs_on == RunsOn::Target => {
            let base = base.to_owned();
            vec![Problem::RunsElsewhere { base }]
        }
        Some(below) => lacking(variant, below),
        None if base == "scratch" || is_image(base) => Vec::new(),
        None => vec![Problem::Base {
            base: base.to_owned(),
            nearest: nearest_artifact(catalog, base),
        }],
    }
}

/// Whether `name` is an image reference with a tag or a digest. Without one, it may be a mistyped artifact.
fn is_image(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.contains([':', '@']) && name.parse::<buildkit_llb::ImageRef>().is_ok()
}

/// The way from the artifact by bases to one that is its own base.
fn cycle(catalog: &CheckedCatalog, artifact: &Artifact) -> Option<Vec<String>> {
    let mut done: BTreeSet<&ArtifactName> = BTreeSet::new();
    let mut open: Vec<(&Artifact, usize)> = vec![(artifact, 0)];
    let mut way: Vec<&ArtifactName> = Vec::new();
    while let Some((artifact, depth)) = open.pop() {
        way.truncate(depth);
        if way.contains(&&artifact.name) {
            let chain = way.iter().copied().chain([&artifact.name]);
            return Some(chain.map(ToString::to_string).collect());
        }
        if done.insert(&artifact.name) {
            way.push(&artifact.name);
            let bases = catalog.base_artifacts(artifact).into_iter();
            open.extend(bases.filter_map(|base| {
                let base = catalog.artifacts.get(&base.name)?;
                Some((base, depth + 1))
            }));
        }
    }
    None
}

/// An artifact has the options of the artifacts below it, so that `--set` reaches them through it.
fn inherit_options(catalog: &mut CheckedCatalog, made_from: &MadeFrom) {
    let inherited: BTreeMap<_, _> = catalog
        .artifacts()
        .map(|artifact| {
            let mut options = artifact.options.clone();
            let all = made_from.all(&artifact.name).into_iter();
            for below in all.map(|name| &catalog.artifacts[name]) {
                for (name, option) in &below.options {
                    options
                        .entry(name.clone())
                        .or_insert_with(|| option.clone());
                }
            }
            (artifact.name.clone(), options)
        })
        .collect();
    for (name, options) in inherited {
        if let Some(artifact) = catalog.artifacts.get_mut(&name) {
            artifact.options = options;
        }
    }
}

#[cfg(test)]
mod tests;
