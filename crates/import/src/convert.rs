//! A Dockerfile as artifacts: its stages become artifacts, its instructions steps.

mod above;
mod add;
mod apt;
mod args;
mod base;
mod config;
mod copy;
mod file;
mod globs;
mod ignore;
mod loss;
mod mounts;
mod parents;
mod run;
mod script;
mod secrets;
mod stage;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use self::stage::{End, StageConversion};
pub(crate) use self::{ignore::Ignore, loss::Loss};
use crate::{
    Files,
    dockerfile::{Dockerfile, SyntaxError},
    finding::{Finding, Weight},
    model::Artifact,
    options::Options,
    scope::Scope,
    stages::{self, Stage},
    target::Target,
    text::Text,
};

/// What all targets of an import share.
pub(crate) struct Shared<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) options: Options,
    pub(crate) findings: Vec<Finding>,
}

impl Shared<'_> {
    pub(crate) fn find(&mut self, file: &str, line: Option<usize>, weight: Weight, reason: &str) {
        let finding = Finding {
            file: file.to_owned(),
            line,
            weight,
            reason: reason.to_owned(),
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// A Dockerfile that is being converted.
struct Conversion<'c, 'a> {
    shared: &'c mut Shared<'a>,
    target: &'c Target,
    escape: char,
    /// What the arguments before the first `FROM` are.
    global: Scope,
    stages: &'c [Stage<'c>],
    /// The base of each stage.
    bases: &'c [Text],
    /// The name of each stage's artifact.
    names: &'c [String],
    ignore: Ignore,
    /// What the stages that were converted end with.
    ends: BTreeMap<usize, End>,
    /// The number of the stage that is asked for.
    wanted: usize,
}

/// The artifacts of a Dockerfile, stages first. `prefix` stands before the names of stages.
pub(crate) fn convert(
    target: &Target,
    prefix: &str,
    shared: &mut Shared<'_>,
) -> Result<Vec<Artifact>, SyntaxError> {
    let dockerfile = Dockerfile::parse(&target.text)?;
    check_syntax(&dockerfile, target, shared);
    let (before, stages) = stages::split(&dockerfile);
    let wanted = wanted_stage(target, &stages)?;
    let stage_name = stages[wanted]
        .from
        .name
        .clone()
        .unwrap_or_else(|| "default".to_owned());
    let escape = dockerfile.escape;
    let global = args::global(before, &stage_name, escape, target, shared)?;
    let (bases, fixed) = bases(&stages, &global, escape, shared)?;
    let is_other = |at: usize| at != wanted && alias(target, &stages[at]).is_some();
    let needed = stages::needed(wanted, &stages, &bases, &|_| false);
    let own = stages::needed(wanted, &stages, &bases, &is_other);
    let names = names(&stages, wanted, target, prefix);
    tell_of_others(&stages, &needed, target, shared);
    for number in &needed {
        for name in &fixed[*number] {
            let (weight, reason) = loss::fixed(name);
            shared.find(
                &target.file,
                Some(stages[*number].head.line),
                weight,
                &reason,
            );
        }
    }
    let ignore = Ignore::read(target, shared);
    let mut conversion = Conversion {
        shared,
        target,
        escape,
        global,
        stages: &stages,
        bases: &bases,
        names: &names,
        ignore,
        ends: BTreeMap::new(),
        wanted,
    };
    let mut artifacts = Vec::new();
    for number in needed {
        let artifact = StageConversion::convert(&mut conversion, number);
        if own.contains(&number) && !is_other(number) {
            artifacts.push(artifact);
        }
    }
    if let Some(last) = artifacts.last_mut() {
        let comments = dockerfile.last_comments.into_iter();
        last.steps.extend(comments.map(crate::model::Item::Comment));
    }
    Ok(artifacts)
}

fn check_syntax(dockerfile: &Dockerfile, target: &Target, shared: &mut Shared<'_>) {
    if let Some((syntax, line)) = other_frontend(dockerfile) {
        let reason =
            format!("the frontend `{syntax}` may mean something else by these instructions");
        shared.find(&target.file, Some(line), Weight::Lost, &reason);
    }
}

/// The frontend that the Dockerfile names, if it is not Docker's, and the line of its name.
pub(crate) fn other_frontend(dockerfile: &Dockerfile) -> Option<(&str, usize)> {
    let (syntax, line) = dockerfile.syntax.as_ref()?;
    let name = syntax.split([':', '@']).next().unwrap_or(syntax);
    let name = name.trim_start_matches("docker.io/");
    let is_dockers = matches!(name, "docker/dockerfile" | "docker/dockerfile-upstream");
    (!is_dockers).then_some((syntax.as_str(), *line))
}

/// The number of the stage that is asked for.
fn wanted_stage(target: &Target, stages: &[Stage<'_>]) -> Result<usize, SyntaxError> {
    let last = stages.len().checked_sub(1);
    let last = last.ok_or_else(|| SyntaxError::new(1, "the Dockerfile has no FROM"))?;
    let Some(wanted) = &target.stage else {
        return Ok(last);
    };
    let lower = wanted.to_lowercase();
    let is = |stage: &Stage<'_>| stage.from.name.as_deref() == Some(&lower);
    let by_number = || wanted.parse().ok().filter(|number| *number <= last);
    let found = stages.iter().rposition(is).or_else(by_number);
    found.ok_or_else(|| {
        let line = stages[last].head.line;
        let names = stages.iter().filter_map(|stage| stage.from.name.as_deref());
        let names = names.collect::<Vec<_>>().join(", ");
        SyntaxError::new(line, format!("there is no stage `{wanted}`: {names}"))
    })
}

/// What the base of each stage is, in terms of the arguments before the first `FROM`, and what was looked at for it.
fn bases(
    stages: &[Stage<'_>],
    global: &Scope,
    escape: char,
    shared: &Shared<'_>,
) -> Result<(Vec<Text>, Vec<Vec<String>>), SyntaxError> {
    let mut bases = (Vec::new(), Vec::new());
    for stage in stages {
        let refused = |reason: String| SyntaxError::new(stage.head.line, reason);
        let evaluated = global.evaluate(&stage.from.base, escape, &shared.options);
        let evaluated = evaluated.map_err(refused)?;
        if evaluated.text.is_empty() {
            return Err(refused(format!("`{}` is empty here", stage.from.base)));
        }
        bases.0.push(evaluated.text);
        bases.1.push(evaluated.fixed);
    }
    Ok(bases)
}

/// The artifact that another target makes of the stage.
fn alias(target: &Target, stage: &Stage<'_>) -> Option<String> {
    let name = stage.from.name.as_deref()?;
    target.aliases.get(name).cloned()
}

fn names(stages: &[Stage<'_>], wanted: usize, target: &Target, prefix: &str) -> Vec<String> {
    let name = |(number, stage): (usize, &Stage<'_>)| {
        if number == wanted {
            return target.name.clone();
        }
        if let Some(alias) = alias(target, stage) {
            return alias;
        }
        let own = stage.from.name.clone();
        let own = own.unwrap_or_else(|| format!("stage-{number}"));
        let name = format!("{prefix}{own}");
        if name == target.name || name == "scratch" {
            format!("{name}-stage")
        } else {
            name
        }
    };
    let mut names: Vec<String> = stages.iter().enumerate().map(name).collect();
    for at in 1..names.len() {
        while names[..at].contains(&names[at]) {
            names[at].push_str("-again");
        }
    }
    names
}

fn tell_of_others(
    stages: &[Stage<'_>],
    needed: &BTreeSet<usize>,
    target: &Target,
    shared: &mut Shared<'_>,
) {
    for (number, stage) in stages.iter().enumerate() {
        if needed.contains(&number) || alias(target, stage).is_some() {
            continue;
        }
        let name = stage
            .from
            .name
            .clone()
            .unwrap_or_else(|| number.to_string());
        let reason = format!(
            "the stage `{name}` is left out: `{}` does not need it",
            target.name
        );
        let line = Some(stage.head.line);
        shared.find(&target.file, line, Weight::Changed, &reason);
    }
}
