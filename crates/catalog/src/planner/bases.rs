//! The bases of trees: the tree of another artifact, an image, or the `--build-context` that replaces it.

use buildkit_llb::{Exec, SourceLocation, State};

use super::{Built, Named, Planner};
use crate::{
    artifact::{Artifact, Base},
    base::{self, BaseTree},
    hex::hex,
    inputs::RootfsTar,
    local::{self, LocalContent, LocalSource},
    name::ArtifactName,
    placing::Placing,
    plan_error::PlanProblem,
    tree::Tree,
    variant::Variant,
};

impl<'a> Planner<'a> {
    pub(super) fn base(
        &mut self,
        artifact: &'a Artifact,
        variant: &Variant,
    ) -> Result<Built, PlanProblem> {
        if let Some(below) = self.catalog.base_artifact(artifact)
            && !self.is_replaced(&below.name)
        {
            return self.build(&self.catalog.below(variant, below));
        }
        let named = match &artifact.base {
            Base::FromLine { from } => Named::By(from.clone()),
            Base::Named(_) => Named::In(artifact.name.clone()),
        };
        let key = (named, variant.platform.clone());
        if let Some(base_tree) = self.base_trees.get(&key) {
            return Ok(base_tree.clone());
        }
        let location = self.base_location(artifact);
        let base_tree = base::resolve(artifact, variant, self.inputs, location)?;
        let built = self.stand_on(base_tree)?;
        self.base_trees.insert(key, built.clone());
        Ok(built)
    }

    fn base_location(&mut self, artifact: &Artifact) -> Option<SourceLocation> {
        match &artifact.base {
            Base::FromLine { from } => {
                let text = self.inputs.dockerfiles.get(from)?;
                self.files.dockerfile(from, text)
            }
            Base::Named(_) => {
                let place = artifact.base_place()?;
                self.files.place(place)
            }
        }
    }

    /// Whether a `--build-context` replaces an artifact.
    pub(super) fn is_replaced(&self, name: &ArtifactName) -> bool {
        self.inputs.contexts.contains_key(name.as_str())
    }

    pub(super) fn stand_on(&mut self, base_tree: BaseTree) -> Result<Built, PlanProblem> {
        let mut tree = base_tree.tree;
        if let Some(tar) = base_tree.rootfs {
            tree.state = self.unpacked(&tree, &tar)?;
            self.gathered.locals.push(LocalSource {
                name: tar.local.clone(),
                content: LocalContent::Rootfs(tar),
                bundles: None,
            });
        }
        self.gathered.stores.extend(base_tree.store);
        self.gathered.references.extend(base_tree.reference);
        Ok(Built {
            tree,
            distribution: base_tree.distribution,
        })
    }

    /// `tree` with the files of a tar. The packer checks its digest: on a shared daemon, somebody else may send a file
    /// of that name.
    fn unpacked(&mut self, tree: &Tree, tar: &RootfsTar) -> Result<State, PlanProblem> {
        let unpacking = Placing::Unpack {
            from: &local::rootfs_source(tar),
            path: format!("/{}", tar.file_name),
            to: "/".to_owned(),
            sha256: Some(hex(&tar.sha256)),
        };
        let title = format!("unpack {}", tar.file_name);
        let caption = |exec: Exec| exec.custom_name(title);
        let unpacked = unpacking.into_tree(&tree.state, &self.packer()?, caption);
        unpacked.map_err(PlanProblem::Pack)
    }
}
