//! All references of all variants, for all values of options: the references that a lock may have to pin.
//!
//! The values of options multiply, and a text uses few options. So nothing is planned: every step is asked for its
//! reads while no option has a value, and each option that it misses gets each of its values in turn (`ask`).

mod ask;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::{
    artifact::{Artifact, Base},
    base::{self, BaseError},
    catalog::CheckedCatalog,
    check,
    inputs::{Inputs, Needs},
    lock::{Pinned, Reference, Written},
    plan_error::PlanError,
    read::Read,
    select::SelectError,
    variant::Variant,
};

use self::ask::Asked;

/// The reads of the steps of a catalog.
#[derive(Debug)]
pub struct Survey<'a> {
    catalog: &'a CheckedCatalog,
    reads: BTreeSet<ReadBy>,
    /// The values that the user sets.
    set: Vec<(String, String)>,
}

/// A read of a step in a variant, without the options.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ReadBy {
    variant: Variant,
    number: usize,
    read: Read,
}

/// The reasons why a catalog cannot be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// A value that an option cannot have.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// A step that cannot be asked.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl CheckedCatalog {
    /// The reads and references of all artifacts, for every value that an option declares. Options that take any value
    /// have their default and the values in `set`.
    pub fn survey(&self, set: &[(String, String)]) -> Result<Survey<'_>, SurveyError> {
        self.check_everywhere(set)?;
        let mut survey = Survey {
            catalog: self,
            reads: BTreeSet::new(),
            set: set.to_vec(),
        };
        for artifact in self.artifacts() {
            survey.ask(artifact, set)?;
        }
        Ok(survey)
    }
}

impl Survey<'_> {
    /// Asks the steps of `artifact`.
    fn ask(&mut self, artifact: &Artifact, set: &[(String, String)]) -> Result<(), PlanError> {
        let values = ask::values(artifact, set);
        for variant in self.catalog.variants(artifact) {
            let asked = Asked::of(artifact, &variant, &values);
            for (number, step) in artifact.numbered_steps() {
                let reads = asked.reads(number, step);
                let failed = |reason| PlanError::new(&variant, reason);
                for read in reads.map_err(failed)? {
                    let problems = check::read_problems(self.catalog, &variant, number, &read);
                    if let Some(problem) = problems.into_iter().next() {
                        return Err(failed(problem.into()));
                    }
                    let variant = variant.clone();
                    self.reads.insert(ReadBy {
                        variant,
                        number,
                        read,
                    });
                }
            }
        }
        Ok(())
    }

    /// The files that must be read before the references are known; none of them are files of steps.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for artifact in self.catalog.artifacts() {
            needs.packer |= artifact.kind.is_packed();
            if let Base::FromLine { from } = &artifact.base {
                needs.dockerfiles.insert(from.clone());
            }
        }
        for ReadBy { read, .. } in &self.reads {
            match read {
                Read::Context { name, .. } => _ = needs.contexts.entry(name.clone()).or_default(),
                Read::Tar(_) | Read::Packer => needs.packer = true,
                _ => {}
            }
        }
        needs
    }

    /// The variants of all artifacts, options at their defaults.
    pub fn variants(&self) -> Vec<Variant> {
        let artifacts = self.catalog.artifacts();
        let artifacts = artifacts.filter(|artifact| artifact.kind.is_delivered());
        let variants = artifacts.map(Artifact::variants);
        variants.flatten().collect()
    }

    /// All references.
    pub fn references(&self, inputs: &Inputs) -> Result<BTreeSet<Reference>, PlanError> {
        let mut references = BTreeSet::new();
        for artifact in self.catalog.artifacts() {
            let values = ask::values(artifact, &self.set);
            let variants = self.catalog.variants(artifact);
            let variants = variants
                .iter()
                .flat_map(|variant| Asked::of(artifact, variant, &values).with_bases(variant));
            for variant in variants {
                let below = self.catalog.base_artifact(&variant);
                if below.is_some_and(|below| !inputs.contexts.contains_key(below.name.as_str())) {
                    continue;
                }
                let run_platform = self.catalog.run_platform(&variant);
                let base_tree = base::resolve(artifact, &variant, inputs, run_platform, None);
                let base_tree =
                    base_tree.map_err(|error| PlanError::new(&variant, error.into()))?;
                references.extend(base_tree.reference);
            }
        }
        for read in &self.reads {
            let reference = self.reference(read, inputs);
            let reference =
                reference.map_err(|error| PlanError::new(&read.variant, error.into()))?;
            references.extend(reference);
        }
        references.extend(inputs.packer.reference());
        Ok(references)
    }

    fn reference(&self, by: &ReadBy, inputs: &Inputs) -> Result<Option<Reference>, BaseError> {
        let source = match &by.read {
            Read::Http {
                url,
                checksum: None,
            } => Pinned::Http(url.clone()),
            Read::Git(source) => Pinned::Git(source.clone()),
            Read::Tree(name) => {
                let names = [self.catalog.tree_name(name)];
                if let Some((name, context)) = base::context_for(&names, inputs) {
                    let replaced = base::replaced(name, context, &by.variant, &inputs.lock)?;
                    return Ok(replaced.reference);
                }
                if self.catalog.get(name).is_some() {
                    return Ok(None);
                }
                let reference = name.parse().map_err(|source| BaseError::Reference {
                    base: name.clone(),
                    source,
                })?;
                let platform = by.variant.platform.clone();
                Pinned::Image {
                    reference,
                    platform,
                }
            }
            _ => return Ok(None),
        };
        let place = Written::Step {
            artifact: by.variant.artifact.clone(),
            number: by.number,
        };
        Ok(Some(Reference { source, place }))
    }
}
