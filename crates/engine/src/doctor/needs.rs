//! The needs of a catalog: platforms that its commands run on, and repositories.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::OpKind;
use catalog::{ImageRef, Plan, Platform};

use crate::{
    product::{ImageNaming, NameError, repositories},
    workspace::Workspace,
};

/// The platforms of a catalog, each with its use.
pub(super) type NeededPlatforms = BTreeMap<Platform, Use>;

/// The needs of what is selected of a catalog.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// The platforms.
    pub(super) platforms: NeededPlatforms,
    /// The repositories that images are pushed to, as references.
    pub(super) repositories: BTreeSet<ImageRef>,
}

/// The use of a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Use {
    /// Files are put together; no command runs on it.
    Files,
    /// Commands of these artifacts run on it.
    Commands(BTreeSet<String>),
}

impl Needs {
    /// The needs of a workspace whose images are named so.
    ///
    /// # Errors
    /// When the catalog or a prefix of `naming` gives a repository that is none.
    pub fn of(workspace: &Workspace<'_>, naming: &ImageNaming) -> Result<Self, NameError> {
        let mut platforms = NeededPlatforms::new();
        for plan in workspace.asked_plans() {
            let declared = plan.variant.platform.normalized();
            platforms.entry(declared).or_insert(Use::Files);
            for platform in platforms_of_commands(plan) {
                let used = platforms.entry(platform).or_insert(Use::Files);
                used.by(plan.variant.artifact.as_str());
            }
        }
        let variants = workspace.asked_plans().map(|plan| &plan.variant);
        Ok(Self {
            platforms,
            repositories: repositories(workspace.catalog(), naming, variants)?,
        })
    }
}

impl Use {
    fn by(&mut self, artifact: &str) {
        match self {
            Self::Files => *self = Self::Commands([artifact.to_owned()].into()),
            Self::Commands(artifacts) => _ = artifacts.insert(artifact.to_owned()),
        }
    }
}

/// The platforms that commands of a plan run on. The packer's commands run on that of the daemon.
fn platforms_of_commands(plan: &Plan) -> BTreeSet<Platform> {
    let commands = plan.definition.vertices();
    let commands = commands.filter(|vertex| vertex.kind() == OpKind::Exec);
    let platforms = commands.filter_map(|vertex| vertex.op_platform().parse().ok());
    platforms
        .map(|platform: Platform| platform.normalized())
        .collect()
}
