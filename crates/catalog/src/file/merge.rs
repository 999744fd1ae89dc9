//! A file's artifacts beside those that are built into a program.

use std::collections::{BTreeMap, BTreeSet};

use super::{CatalogFile, FileError, Mistake};
use crate::{
    artifact::{Artifact, Base},
    catalog::Catalog,
    name::{ArtifactName, VariableName},
    option::settled,
    path::ContextPath,
    step::{Read, Reader, StepError},
    variant,
};

/// The artifacts that are left out, each with the Dockerfile that is missing.
type LeftOut = BTreeMap<ArtifactName, ContextPath>;

impl Catalog {
    /// This catalog, which is built into a program, with the artifacts of a file.
    ///
    /// Of the built-in artifacts, those stay whose Dockerfile, when a FROM line names the base, `exists` in the context
    /// directory, and that are made from such ones only; none stays when the file says `builtin = false`. The file's
    /// `default` replaces the built-in one. A name that both have is refused.
    pub fn with_file(
        mut self,
        file: CatalogFile,
        exists: &dyn Fn(&ContextPath) -> bool,
    ) -> Result<Self, FileError> {
        let left_out = if file.builtin {
            left_out(&self.artifacts, &defaults(&self, &file), exists)
        } else {
            self = Self::new();
            LeftOut::new()
        };
        let stays = |name: &str| !left_out.contains_key(name);
        self.artifacts
            .retain(|artifact| stays(artifact.name.as_str()));
        self.defaults.retain(|name| stays(name));
        let declared = names(&file.artifacts);
        for artifact in &file.artifacts {
            let mistake = name_taken(artifact, &self)
                .or_else(|| base_left_out(artifact, &left_out, &declared));
            if let (Some(mistake), Some(place)) = (mistake, artifact.place()) {
                return Err(place.error(mistake));
            }
        }
        self.artifacts.extend(file.artifacts);
        self.options.extend(file.options);
        self.defaults = file.defaults.unwrap_or(self.defaults);
        Ok(self)
    }
}

fn left_out(
    artifacts: &[Artifact],
    options: &BTreeMap<VariableName, String>,
    exists: &dyn Fn(&ContextPath) -> bool,
) -> LeftOut {
    let mut left_out = LeftOut::new();
    for artifact in artifacts {
        if let Base::FromLine { from } = &artifact.base
            && !exists(from)
        {
            left_out.insert(artifact.name.clone(), from.clone());
        }
    }
    if left_out.is_empty() {
        return left_out;
    }
    // One whose steps cannot be read stays, so that the check of the catalog says why.
    let readable = artifacts
        .iter()
        .filter_map(|artifact| Some((&artifact.name, made_from(artifact, options).ok()?)));
    let made_from: BTreeMap<&ArtifactName, BTreeSet<String>> = readable.collect();
    loop {
        let mut rest = made_from.iter();
        let next = rest.find_map(|(name, below)| {
            let is_open = !left_out.contains_key(*name);
            let missing = below.iter().find_map(|name| left_out.get(name.as_str()))?;
            is_open.then(|| ((*name).clone(), missing.clone()))
        });
        match next {
            Some((name, missing)) => left_out.insert(name, missing),
            None => return left_out,
        };
    }
}

/// The values of all options, at their defaults: the artifacts have theirs only once the catalog is checked.
fn defaults(catalog: &Catalog, file: &CatalogFile) -> BTreeMap<VariableName, String> {
    let declared = catalog.options.iter().chain(&file.options);
    let declared = declared.map(|declared| (&declared.name, &declared.option));
    let artifacts = catalog.artifacts.iter().chain(&file.artifacts);
    let all = artifacts
        .flat_map(|artifact| &artifact.options)
        .chain(declared);
    let all = all.map(|(name, option)| (name.clone(), option.clone()));
    settled(&all.collect(), BTreeMap::new())
}

/// The names of what an artifact is made from: its base, and what any of its variants copies from or puts in as a tar.
fn made_from(
    artifact: &Artifact,
    options: &BTreeMap<VariableName, String>,
) -> Result<BTreeSet<String>, StepError> {
    let mut names = BTreeSet::new();
    if let Base::Named(base) = &artifact.base {
        names.insert(base.clone());
    }
    for mut variant in variant::all_of(artifact, &artifact.platforms) {
        variant.values.extend(options.clone());
        let variables = &variant.variables();
        for (_, step) in artifact.numbered_steps() {
            for read in step.reads(Reader { variables })? {
                if let Read::Tree(name) | Read::Tar(name) = read {
                    names.insert(name);
                }
            }
        }
    }
    Ok(names)
}

fn name_taken(artifact: &Artifact, builtin: &Catalog) -> Option<Mistake> {
    let name = &artifact.name;
    names(&builtin.artifacts)
        .contains(name)
        .then(|| Mistake::NameTaken {
            name: name.to_string(),
        })
}

/// Refuses a base that would quietly be taken for an image of that name.
fn base_left_out(
    artifact: &Artifact,
    left_out: &LeftOut,
    declared: &[ArtifactName],
) -> Option<Mistake> {
    let Base::Named(base) = &artifact.base else {
        return None;
    };
    let dockerfile = left_out.get(base.as_str())?;
    let is_declared = declared.iter().any(|name| name.as_str() == base);
    (!is_declared).then(|| Mistake::BaseLeftOut {
        base: base.clone(),
        dockerfile: dockerfile.clone(),
    })
}

fn names(artifacts: &[Artifact]) -> Vec<ArtifactName> {
    artifacts
        .iter()
        .map(|artifact| artifact.name.clone())
        .collect()
}
