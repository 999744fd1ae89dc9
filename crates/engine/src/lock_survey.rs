//! All references of a catalog, and which of them the lock has: the basis of `lock` and `update`.

use std::collections::BTreeSet;

use catalog::{CheckedCatalog, Lock, Pinned, Reference};

use crate::{error::EngineError, inputs, workspace::Disk};

/// The lock of a catalog, and all references of the catalog.
#[derive(Debug)]
pub struct LockSurvey {
    /// The lock as it is on disk.
    pub lock: Lock,
    /// The references of the catalog, whatever the lock has.
    pub references: BTreeSet<Reference>,
}

impl LockSurvey {
    /// Reads the lock, and surveys the catalog as if nothing were pinned, to find all its references: with every value
    /// of its options, and those that are `set`.
    pub fn of(
        catalog: &CheckedCatalog,
        disk: &Disk,
        set: &[(String, String)],
    ) -> Result<Self, EngineError> {
        let survey = catalog.survey(set)?;
        let variants = survey.variants();
        let mut inputs = inputs::read(disk, &survey.needs(), &variants)?.inputs;
        catalog.check_contexts(&variants, &inputs)?;
        let lock = std::mem::take(&mut inputs.lock);
        let references = survey.references(&inputs)?;
        Ok(Self { lock, references })
    }

    /// The URLs of downloads that a lock pins.
    pub fn downloads(&self) -> impl Iterator<Item = &str> {
        let references = self.references.iter();
        references.filter_map(|reference| match &reference.source {
            Pinned::Http(url) => Some(url.as_str()),
            _ => None,
        })
    }

    /// Removes the entries of a lock that nothing refers to.
    pub fn prune(&self, lock: &mut Lock) {
        let used: BTreeSet<Pinned> = self
            .references
            .iter()
            .map(|reference| reference.source.clone())
            .collect();
        lock.retain(&used);
    }

    /// The lock without entries that nothing refers to.
    pub fn pruned(&self) -> Lock {
        let mut lock = self.lock.clone();
        self.prune(&mut lock);
        lock
    }

    /// The references that `lock` does not pin, or not to the digest that is written.
    pub fn missing<'a>(&'a self, lock: &Lock) -> Vec<&'a Reference> {
        let is_missing = |reference: &&Reference| {
            let is_other = match &reference.source {
                Pinned::Image { reference, .. } => reference.digest().is_some_and(|written| {
                    lock.image(reference)
                        .is_some_and(|pin| pin.digest() != written)
                }),
                Pinned::Http(_) | Pinned::Git(_) => false,
            };
            is_other || !lock.pins(&reference.source)
        };
        self.references.iter().filter(is_missing).collect()
    }
}
