//! Images with all their platforms: an image is one thing for all of them, whichever are asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    io,
};

use catalog::{ArtifactName, CheckedCatalog, Kind, Request, Variant};
use engine::{RootfsError, causes, files::FilesError};

use super::{Selected, tell_unused};
use crate::{
    args::{Global, Variation},
    failure::Failure,
};

/// The variants that were asked for, among those that were read with them: all platforms of the same images.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    variants: BTreeSet<Variant>,
    /// Images whose other platforms were not read, each with the reason.
    absent: BTreeMap<ArtifactName, String>,
}

impl Asked {
    /// All that was read.
    pub(super) fn all(variants: &[Variant]) -> Self {
        Self {
            variants: variants.iter().cloned().collect(),
            absent: BTreeMap::new(),
        }
    }

    /// Whether a variant was asked for.
    pub(crate) fn contains(&self, variant: &Variant) -> bool {
        self.variants.contains(variant)
    }

    /// Why the other platforms of an image are left out; `None` if nothing that was read is the reason.
    pub(crate) fn absence(&self, artifact: &ArtifactName) -> Option<&str> {
        self.absent.get(artifact).map(String::as_str)
    }
}

impl Selected {
    /// The selection with all platforms of its images. What cannot be read is an error: the id of an image is of all its
    /// platforms, and there is none without them.
    pub(crate) fn of_whole_images(
        catalog: &CheckedCatalog,
        variation: &Variation,
        artifacts: &[String],
        global: &Global,
    ) -> Result<Self, Failure> {
        let selection = Selection::of(catalog, variation, artifacts, global)?;
        match selection.read(catalog, selection.all.clone()) {
            Err(failure) if !selection.partial().is_empty() && is_absence(&failure) => Err(failure.with_hint(
                "the id of an image is of all its platforms, whichever are asked for: it needs the files of all of them",
            )),
            read => read,
        }
    }

    /// As [`of_whole_images`](Self::of_whole_images), without the other platforms of those images whose files are not
    /// there, as on a machine that compiles for itself alone. Only a file that is not there is a reason; what is there and
    /// cannot be read is an error.
    pub(crate) fn with_whole_images(
        catalog: &CheckedCatalog,
        variation: &Variation,
        artifacts: &[String],
        global: &Global,
    ) -> Result<Self, Failure> {
        let selection = Selection::of(catalog, variation, artifacts, global)?;
        match selection.read(catalog, selection.all.clone()) {
            Err(failure) if !selection.partial().is_empty() && is_absence(&failure) => {
                selection.read_what_is_there(catalog)
            }
            read => read,
        }
    }
}

/// What is asked for, and what belongs to it.
struct Selection<'a> {
    asked: BTreeSet<Variant>,
    /// What is asked for with the other platforms of images, in the order of the catalog: an id depends on it.
    all: Vec<Variant>,
    variation: &'a Variation,
    global: &'a Global,
}

impl<'a> Selection<'a> {
    fn of(
        catalog: &CheckedCatalog,
        variation: &'a Variation,
        artifacts: &[String],
        global: &'a Global,
    ) -> Result<Self, Failure> {
        let request = variation.request(artifacts);
        let only = catalog.select(&request)?;
        tell_unused(&only, &request.set, global);
        let asked: BTreeSet<Variant> = only.into_iter().collect();
        let everywhere = Request {
            platforms: Vec::new(),
            ..request
        };
        let mut all = catalog.select(&everywhere)?;
        all.retain(|variant| {
            let artifact = catalog.get(variant.artifact.as_str());
            let is_image = artifact.is_some_and(|artifact| artifact.kind() == Kind::Image);
            is_image || asked.contains(variant)
        });
        Ok(Self {
            asked,
            all,
            variation,
            global,
        })
    }

    /// The images that have more platforms than are asked for.
    fn partial(&self) -> BTreeSet<&ArtifactName> {
        let is_more = |variant: &&Variant| !self.asked.contains(variant);
        let more = self.all.iter().filter(is_more);
        more.map(|variant| &variant.artifact).collect()
    }

    fn read(&self, catalog: &CheckedCatalog, variants: Vec<Variant>) -> Result<Selected, Failure> {
        let (given, context) = (self.variation.given(), &self.global.context);
        let read = Selected::read(catalog, variants, given, context)?;
        let asked = Asked {
            variants: self.asked.clone(),
            absent: BTreeMap::new(),
        };
        Ok(Selected { asked, ..read })
    }

    /// Asks of each image by itself whether its other platforms are there: one that lacks a file takes none from another.
    fn read_what_is_there(&self, catalog: &CheckedCatalog) -> Result<Selected, Failure> {
        let mut absent = BTreeMap::new();
        for artifact in self.partial() {
            let own = self.all.iter().filter(|one| one.artifact == *artifact);
            match self.read(catalog, own.cloned().collect()) {
                Ok(_) => {}
                Err(failure) if is_absence(&failure) => {
                    absent.insert(artifact.clone(), in_a_line(&failure));
                }
                Err(failure) => return Err(failure),
            }
        }
        let is_there = |variant: &&Variant| {
            self.asked.contains(variant) || !absent.contains_key(&variant.artifact)
        };
        let there = self.all.iter().filter(is_there).cloned();
        let mut selected = self.read(catalog, there.collect())?;
        selected.asked.absent = absent;
        Ok(selected)
    }
}

/// Whether a file that should be read is not there.
fn is_absence(failure: &Failure) -> bool {
    let mut errors = failure.errors.iter();
    errors.any(|error| {
        let first: &(dyn Error + 'static) = error.as_ref();
        let mut chain = std::iter::successors(Some(first), |error| Error::source(*error));
        chain.any(is_not_there)
    })
}

fn is_not_there(error: &(dyn Error + 'static)) -> bool {
    match (error.downcast_ref(), error.downcast_ref()) {
        (Some(FilesError::NoFile { .. }), _) => true,
        (Some(FilesError::Read { source, .. }), _)
        | (_, Some(RootfsError::Open { source, .. })) => source.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// An error with its causes.
fn in_a_line(failure: &Failure) -> String {
    let told = failure.errors.iter().map(|error| {
        let error: &(dyn Error + 'static) = error.as_ref();
        let all = [error.to_string()].into_iter().chain(causes(error));
        all.collect::<Vec<_>>().join(": ")
    });
    told.collect::<Vec<_>>().join("; ")
}
