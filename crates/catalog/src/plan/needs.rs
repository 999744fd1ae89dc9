//! The files that must be read before a variant can be planned.

use std::collections::BTreeSet;

use crate::{
    artifact::Base,
    catalog::CheckedCatalog,
    check,
    declared::Declared,
    inputs::Needs,
    plan_error::{PlanError, at},
    read::Read,
    step_reads::reads_of,
    variant::Variant,
};

impl CheckedCatalog {
    /// The files that must be read before `variants` can be planned.
    pub fn needs(&self, variants: &[Variant]) -> Result<Needs, PlanError> {
        let mut needs = Needs::default();
        for variant in variants {
            let failed = |reason| PlanError::new(variant, reason);
            let artifact = &self.artifacts[&variant.artifact];
            let tags = check::file_tag_paths(artifact, variant);
            needs.files.extend(
                tags.map_err(|problem| failed(problem.into()))?
                    .into_iter()
                    .map(Declared::from),
            );
            for variant in self.variant_closure(variant).map_err(failed)? {
                let artifact = &self.artifacts[&variant.artifact];
                if let Base::FromLine { from } = &artifact.base {
                    needs.dockerfiles.insert(from.clone());
                }
                let reads = reads_of(artifact, &variant).map_err(failed)?;
                needs.packer |= artifact.kind.is_packed();
                for read in reads.into_iter().flatten() {
                    needs.add(read);
                }
            }
        }
        Ok(needs)
    }

    /// The reads of the steps of `variant` and of all artifacts that it is made from, also of those that contexts
    /// replace.
    pub fn reads(&self, variant: &Variant) -> Result<BTreeSet<Read>, PlanError> {
        let failed = |reason| PlanError::new(variant, reason);
        let mut reads = BTreeSet::new();
        for below in self.variant_closure(variant).map_err(failed)? {
            let steps = reads_of(&self.artifacts[&below.artifact], &below).map_err(failed)?;
            reads.extend(steps.into_iter().flatten());
        }
        Ok(reads)
    }
}

impl CheckedCatalog {
    /// The first step of `variants`, or of an artifact that they are made from, that reads `read`. It is named as in
    /// errors: with its artifact and its line.
    pub fn step_that_reads(&self, variants: &[Variant], read: &Read) -> Option<String> {
        let closures = variants
            .iter()
            .filter_map(|variant| self.variant_closure(variant).ok());
        closures.flatten().find_map(|variant| {
            let artifact = &self.artifacts[&variant.artifact];
            let reads = reads_of(artifact, &variant).ok()?;
            let mut steps = artifact.numbered_steps().zip(reads);
            let ((number, step), _) = steps.find(|(_, reads)| reads.contains(read))?;
            let at = at(artifact.step_place(number));
            let (name, title) = (&artifact.name, step.title());
            Some(format!(
                "step {number} (`{title}`) of artifact `{name}`{at}"
            ))
        })
    }
}
