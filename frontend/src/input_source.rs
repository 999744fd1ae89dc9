//! The inputs of a frontend: files from the client, and from the daemon. Nothing is written down here.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{CheckedCatalog, Lock, Needs, Platform, Variant};
use engine::{InputSource, ReadInputs};

use crate::{context::Contexts, error::FrontendError, options::Options, own_image};

/// The source of the inputs of one build.
pub(crate) struct GatewaySource<'a> {
    pub(crate) contexts: Contexts<'a>,
    pub(crate) options: &'a Options,
    /// The platform of the daemon itself, whose packer graphs run.
    pub(crate) own: Platform,
}

impl InputSource for GatewaySource<'_> {
    type Error = FrontendError;

    async fn read(
        &self,
        catalog: &CheckedCatalog,
        needs: &Needs,
        variants: &[Variant],
    ) -> Result<ReadInputs, FrontendError> {
        let platforms: BTreeSet<&Platform> =
            variants.iter().map(|variant| &variant.platform).collect();
        let platforms: Vec<Platform> = platforms.into_iter().cloned().collect();
        let inputs = self.contexts.inputs(needs, &platforms).await;
        let mut inputs = inputs.map_err(|error| match error {
            FrontendError::Declared(error) => {
                FrontendError::Declared(error.of_step(catalog, variants).into())
            }
            error => error,
        })?;
        if needs.packer {
            inputs.packer = own_image::packer(self.own.clone())?;
        }
        inputs.proxy.clone_from(&self.options.proxy);
        inputs.mirrors.clone_from(&self.options.mirrors);
        inputs
            .cache_namespace
            .clone_from(&self.options.cache_namespace);
        // The daemon has the files, or asks the client for them.
        Ok(ReadInputs {
            inputs,
            roots: BTreeMap::new(),
            stores: BTreeMap::new(),
        })
    }

    fn both(first: FrontendError, _later: FrontendError) -> FrontendError {
        first
    }

    /// Nothing is kept: tomorrow, the references may stand for something else. The result says so.
    fn keep(&self, _base: &Lock, found: Lock) -> Result<Lock, FrontendError> {
        Ok(found)
    }
}
