//! Images with all their platforms: an image is one thing, whichever platforms are asked for.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{ArtifactName, CheckedCatalog, PlanOptions, Request, Variant};

use super::{Disk, Workspace, read};
use crate::{causes::in_a_line, error::EngineError};

/// The variants that were asked for, among those that were read with them: all platforms of the same images.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    variants: BTreeSet<Variant>,
    /// Images whose other platforms were not read, each with the reason.
    absent: BTreeMap<ArtifactName, String>,
}

impl Asked {
    /// All that was read.
    pub fn all(variants: &[Variant]) -> Self {
        Self {
            variants: variants.iter().cloned().collect(),
            absent: BTreeMap::new(),
        }
    }

    /// Whether a variant was asked for.
    pub fn contains(&self, variant: &Variant) -> bool {
        self.variants.contains(variant)
    }

    /// Why the other platforms of an image are left out; `None` if nothing that was read is the reason.
    pub(crate) fn absence(&self, artifact: &ArtifactName) -> Option<&str> {
        self.absent.get(artifact).map(String::as_str)
    }
}

/// The choice for an image when platforms that are not asked for lack a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// An error: the id of an image is of all its platforms, and there is none without them.
    Needed,
    /// The platforms that are asked for stand alone, as on a machine that compiles for itself. A file that is there and
    /// cannot be read is an error all the same.
    LeftOut,
}

impl<'c> Workspace<'c> {
    /// As [`open`](Self::open), with all platforms of the images among what is asked for.
    pub async fn with_whole_images(
        catalog: &'c CheckedCatalog,
        request: &Request,
        others: Others,
        disk: &Disk,
        options: impl Into<PlanOptions>,
    ) -> Result<Self, EngineError> {
        let options = options.into();
        let selection = Selection::of(catalog, request)?;
        let (variants, asked) = (selection.all.clone(), selection.asked());
        match read(catalog, &variants, disk).await {
            Ok(read) => Self::planned(catalog, variants, asked, read, options),
            Err(error) if selection.partial().is_empty() || !error.is_absence() => Err(error),
            Err(error) if others == Others::Needed => Err(EngineError::NoWhole(Box::new(error))),
            Err(_) => {
                let (variants, asked) = selection.what_is_there(catalog, disk).await?;
                let read = read(catalog, &variants, disk).await?;
                Self::planned(catalog, variants, asked, read, options)
            }
        }
    }
}

/// The variants that are asked for, and those that belong to them.
struct Selection {
    asked: BTreeSet<Variant>,
    /// The variants that are asked for with the other platforms of images, in the order of the catalog: an id depends
    /// on it.
    all: Vec<Variant>,
}

impl Selection {
    fn of(catalog: &CheckedCatalog, request: &Request) -> Result<Self, EngineError> {
        let asked: BTreeSet<Variant> = catalog.select(request)?.into_iter().collect();
        let everywhere = Request {
            platforms: Vec::new(),
            ..request.clone()
        };
        let mut all = catalog.select(&everywhere)?;
        all.retain(|variant| {
            let artifact = catalog.get(variant.artifact.as_str());
            let is_image = artifact.is_some_and(|artifact| artifact.kind().is_image());
            is_image || asked.contains(variant)
        });
        Ok(Self { asked, all })
    }

    fn asked(&self) -> Asked {
        Asked {
            variants: self.asked.clone(),
            absent: BTreeMap::new(),
        }
    }

    /// The images that have more platforms than are asked for.
    fn partial(&self) -> BTreeSet<&ArtifactName> {
        let is_more = |variant: &&Variant| !self.asked.contains(variant);
        let more = self.all.iter().filter(is_more);
        more.map(|variant| &variant.artifact).collect()
    }

    /// Asks of each image by itself whether its other platforms are there: one that lacks a file takes none from
    /// another.
    async fn what_is_there(
        &self,
        catalog: &CheckedCatalog,
        disk: &Disk,
    ) -> Result<(Vec<Variant>, Asked), EngineError> {
        let mut asked = self.asked();
        for artifact in self.partial() {
            let own = self.all.iter().filter(|one| one.artifact == *artifact);
            let own: Vec<Variant> = own.cloned().collect();
            match read(catalog, &own, disk).await {
                Ok(_) => {}
                Err(error) if error.is_absence() => {
                    asked.absent.insert(artifact.clone(), in_a_line(&error));
                }
                Err(error) => return Err(error),
            }
        }
        let is_there = |variant: &&Variant| {
            self.asked.contains(variant) || !asked.absent.contains_key(&variant.artifact)
        };
        let there = self.all.iter().filter(is_there).cloned().collect();
        Ok((there, asked))
    }
}
