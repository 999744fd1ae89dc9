//! Root filesystems: one tar per platform, of the whole tree.

use buildkit_llb::Definition;

use super::KindRules;
use crate::{
    lock::Epoch,
    oci::{self, OciConfigs},
    tree::Tree,
    variant::Variant,
};

/// The rules of root filesystems.
#[derive(Debug)]
pub(super) struct Rootfs;

impl KindRules for Rootfs {
    /// A frontend returns the tree itself, since BuildKit's exporters write a tree in a form of their own.
    fn is_packed_last(&self) -> bool {
        true
    }

    fn configs(
        &self,
        tree: &Tree,
        graph: &Definition,
        variant: &Variant,
        epoch: Option<Epoch>,
    ) -> OciConfigs {
        let base = tree.base.as_deref();
        oci::configs(&tree.config, base, graph, &variant.platform, epoch)
    }
}
