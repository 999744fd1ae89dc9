//! The check of `--build-context`: each replaces something that the selected artifacts are made from.

use crate::{
    artifact::Artifact,
    base::{BaseError, BaseName, image_base},
    catalog::CheckedCatalog,
    dockerfile::FromLine,
    inputs::Inputs,
    nearest::nearest,
    step_reads::trees_read,
    variant::Variant,
};

impl CheckedCatalog {
    /// Refuses a `--build-context` that replaces no base and that no selected artifact reads, and two of them for the
    /// base of one variant. Another value of an axis or option may have another base.
    pub fn check_contexts(&self, variants: &[Variant], inputs: &Inputs) -> Result<(), BaseError> {
        let mut names = Vec::new();
        let artifacts = variants
            .iter()
            .map(|variant| &self.artifacts[&variant.artifact]);
        for artifact in self.with_dependencies(artifacts) {
            for variant in self.variants(artifact) {
                let own = self.base_names(artifact, &variant, inputs)?;
                refuse_two(artifact, &own, inputs)?;
                names.extend(own);
            }
            names.extend(self.copied_names(artifact));
            let contexts = self.context_names(artifact);
            names.extend(contexts.into_iter().map(BaseName::Plain));
        }
        let stands = |name: &String| names.iter().any(|base| base.is_called(name));
        let mut valid: Vec<String> = names.iter().map(ToString::to_string).collect();
        valid.sort();
        valid.dedup();
        match inputs.contexts.keys().find(|name| !stands(name)) {
            None => Ok(()),
            Some(name) => Err(BaseError::UnknownContext {
                name: name.clone(),
                nearest: nearest(name, valid.iter().map(String::as_str)).map(str::to_owned),
                valid,
            }),
        }
    }

    /// The names of the trees that the steps of `artifact` copy from: a `--build-context` of such a name replaces the
    /// tree.
    fn copied_names(&self, artifact: &Artifact) -> Vec<BaseName> {
        let variants = self.variants(artifact);
        let read = variants
            .iter()
            .flat_map(|variant| trees_read(artifact, variant).unwrap_or_default());
        read.map(|name| self.tree_name(&name)).collect()
    }

    /// The names of the base of a variant: a `--build-context` of such a name replaces it.
    fn base_names(
        &self,
        artifact: &Artifact,
        variant: &Variant,
        inputs: &Inputs,
    ) -> Result<Vec<BaseName>, BaseError> {
        if let Some(below) = self.base_artifact(variant) {
            return Ok(vec![BaseName::Plain(below.name.to_string())]);
        }
        let FromLine { image, stage, .. } = image_base(artifact, variant, inputs)?;
        let image = image.map(BaseName::Image).into_iter();
        Ok(image.chain(stage.map(BaseName::Plain)).collect())
    }
}

/// Refuses two contexts for one base.
fn refuse_two(artifact: &Artifact, base: &[BaseName], inputs: &Inputs) -> Result<(), BaseError> {
    let names = inputs.contexts.keys();
    let given = names.filter(|name| base.iter().any(|base| base.is_called(name)));
    match given.collect::<Vec<_>>()[..] {
        [first, second, ..] => Err(BaseError::TwoContexts {
            first: first.clone(),
            second: second.clone(),
            artifact: artifact.name.clone(),
        }),
        _ => Ok(()),
    }
}
