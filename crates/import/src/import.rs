//! An import: all files of a call, as one catalog.

mod dockerfiles;

use thiserror::Error;

use crate::{
    Files,
    convert::{Shared, convert, other_frontend},
    dockerfile::{Dockerfile, SyntaxError},
    finding::{Finding, Weight},
    model::{Artifact, Catalog},
    options::Options,
    original::Original,
    project::Project,
    target::Target,
    upgrade::upgrade,
    write::{unused, write},
};

/// A file to import, with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path, relative to the catalog's directory, or what findings call it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What an import makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The text of an `llbgen.toml`.
    pub text: String,
    /// What it does not say, or says in another way.
    pub findings: Vec<Finding>,
    /// The builds that it stands for, in order.
    pub originals: Vec<Original>,
}

/// A file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// The line, if the trouble has one.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

impl ImportError {
    pub(crate) fn new(file: &str, line: Option<usize>, reason: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            reason: reason.into(),
        }
    }
}

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Dockerfile,
    /// What `docker buildx bake --print` writes.
    Bake,
    /// An `llbgen.toml` of the language of before.
    Catalog,
    Compose,
}

impl Format {
    fn of(path: &str) -> Self {
        let lower = path.to_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
        if path == "-" || ends(&[".json", ".hcl"]) {
            Self::Bake
        } else if ends(&[".yml", ".yaml"]) {
            Self::Compose
        } else if ends(&[".toml"]) {
            Self::Catalog
        } else {
            Self::Dockerfile
        }
    }
}

/// Imports the files of a call. `directory` is the name of the catalog's directory: a `Dockerfile` in it is named after
/// it.
pub fn import(
    sources: &[Source],
    directory: &str,
    files: &dyn Files,
) -> Result<Imported, ImportError> {
    if let [source] = sources
        && Format::of(&source.path) == Format::Catalog
    {
        return upgrade(source);
    }
    let mut shared = Shared {
        files,
        options: Options::default(),
        findings: Vec::new(),
    };
    let mut project = Project::default();
    for source in sources {
        let read = match Format::of(&source.path) {
            Format::Dockerfile => {
                dockerfiles::target(source, directory, &project, files).map(Project::of)
            }
            Format::Bake => crate::bake::read(source, &mut shared),
            Format::Compose => crate::compose::read(source, &mut shared),
            Format::Catalog => {
                let reason =
                    "a catalog is imported alone: it becomes the same catalog in today's language";
                Err(ImportError::new(&source.path, None, reason))
            }
        };
        project.extend(read?);
    }
    let targets = project.targets;
    check_names(&targets)?;
    let is_target = |name: &str| targets.iter().any(|target| target.name == name);
    project.groups.retain(|(name, _)| !is_target(name));
    let mut catalog = Catalog {
        comments: vec![origin(sources)],
        default: project.default,
        groups: project.groups,
        axes: project.axes,
        values: project.values,
        ..Catalog::default()
    };
    for target in &targets {
        let artifacts = artifacts(target, &targets, &catalog, &mut shared);
        let artifacts = artifacts.map_err(|SyntaxError { line, reason }| {
            ImportError::new(&target.file, Some(line), reason)
        })?;
        for artifact in artifacts {
            if !catalog.artifacts.contains(&artifact) {
                catalog.artifacts.push(artifact);
            }
        }
    }
    let originals = targets.iter().flat_map(|target| originals(target, &shared));
    let originals = originals.collect();
    catalog.options = std::mem::take(&mut shared.options).into_list();
    for option in unused(&catalog) {
        let (file, line) = &option.place;
        let reason = format!("`{}` is used by nothing here, and left out", option.name);
        shared.find(file, Some(*line), Weight::Changed, &reason);
    }
    let place = |finding: &Finding| (finding.file.clone(), finding.line);
    shared.findings.sort_by_key(place);
    Ok(Imported {
        text: write(&catalog),
        findings: shared.findings,
        originals,
    })
}

/// Refuses targets of one name.
fn check_names(targets: &[Target]) -> Result<(), ImportError> {
    for (at, target) in targets.iter().enumerate() {
        if let Some(other) = targets[..at].iter().find(|other| other.name == target.name) {
            let reason = format!(
                "`{}` is the name of what `{}` makes, too",
                target.name, other.file
            );
            return Err(ImportError::new(&target.file, None, reason));
        }
    }
    Ok(())
}

/// The artifacts of a target. Where something else has the name of a stage, the target's own name comes before it.
fn artifacts(
    target: &Target,
    targets: &[Target],
    catalog: &Catalog,
    shared: &mut Shared<'_>,
) -> Result<Vec<Artifact>, SyntaxError> {
    let is_taken = |artifact: &Artifact| {
        let is_other = |other: &Artifact| other.name == artifact.name && other != artifact;
        let has_name = |other: &Target| other.name == artifact.name;
        let is_target = artifact.name != target.name && targets.iter().any(has_name);
        let is_group = catalog
            .groups
            .iter()
            .any(|(name, _)| *name == artifact.name);
        is_target || is_group || catalog.artifacts.iter().any(is_other)
    };
    let (options, findings) = (shared.options.clone(), shared.findings.clone());
    let mut prefix = String::new();
    loop {
        let artifacts = convert(target, &prefix, shared)?;
        if !artifacts.iter().any(is_taken) {
            return Ok(artifacts);
        }
        prefix.push_str(&target.name);
        prefix.push('-');
        shared.options = options.clone();
        shared.findings.clone_from(&findings);
    }
}

/// The builds that a target stands for, with the options that their arguments are.
fn originals(target: &Target, shared: &Shared<'_>) -> Vec<Original> {
    let dockerfile = Dockerfile::parse(&target.text).ok();
    let frontend = dockerfile.as_ref().and_then(other_frontend);
    let whole = |original: &Original| Original {
        has_frontend: frontend.is_some(),
        options: shared.options.of_target(&target.name),
        ..original.clone()
    };
    target.originals.iter().map(whole).collect()
}

fn origin(sources: &[Source]) -> String {
    let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    match paths.as_slice() {
        ["-"] => "Made by `llbgen import`.".to_owned(),
        paths => format!("Made by `llbgen import {}`.", paths.join(" ")),
    }
}
