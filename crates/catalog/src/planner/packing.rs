//! Tars that are packed inside the graph, and the program that packs them.

use super::{Planner, rules};
use crate::{
    base::{self, BaseError},
    check,
    lock::Written,
    pack::{Packer, PackerSource, Packing},
    plan_error::PlanProblem,
    step::Source,
    variant::Variant,
    vertex_name::VertexName,
};

/// The names of packed files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// The names of the outputs.
    Real,
    /// One name for all.
    Neutral,
}

impl Planner<'_> {
    /// The tar of a variant, with the name of its output, so that an artifact that carries the tar shares the vertex
    /// with the variant itself.
    pub(crate) fn packed(&mut self, variant: &Variant) -> Result<Source, PlanProblem> {
        if let Some(packed) = self.packed.get(variant) {
            return Ok(packed.clone());
        }
        let packed = self.pack(variant)?;
        self.packed.insert(variant.clone(), packed.clone());
        Ok(packed)
    }

    fn pack(&mut self, variant: &Variant) -> Result<Source, PlanProblem> {
        let artifact = &self.catalog.artifacts[&variant.artifact];
        let name = match self.naming {
            Naming::Real => check::output_path(artifact, variant)?
                .file_name()
                .to_owned(),
            Naming::Neutral => "packed.tar".to_owned(),
        };
        let tree = self.tree(variant)?;
        let shown = variant.to_string();
        let title = format!("pack {}", artifact.kind.as_str());
        let title = VertexName {
            variant: Some(&shown),
            title: &title,
        };
        let packing = Packing {
            name: &name,
            epoch: self.epoch,
            title: title.to_string(),
            place: artifact
                .place()
                .and_then(|place| self.files.first_line(place)),
        };
        let packed = rules(artifact.kind).pack(self, artifact, variant, &tree, packing)?;
        Ok(Source {
            state: packed,
            path: format!("/{name}"),
        })
    }

    pub(crate) fn packer(&mut self) -> Result<Packer, PlanProblem> {
        let packer = self.pinned_packer()?;
        if !self.gathered.packs {
            self.gathered.packs = true;
            self.gathered.references.extend(self.packer.reference());
        }
        Ok(packer)
    }

    /// The packer with the user's image at its digest in the lock.
    fn pinned_packer(&self) -> Result<Packer, BaseError> {
        let PackerSource::Helper(image) = &self.packer.source else {
            return Ok(self.packer.clone());
        };
        let pinned = base::pinned(image, &Written::HelperImage, &self.inputs.lock)?;
        Ok(Packer {
            source: PackerSource::Image(pinned),
            platform: self.packer.platform.clone(),
        })
    }
}
