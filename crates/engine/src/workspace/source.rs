//! Where inputs come from: a directory of this machine, or whatever the daemon gives a frontend.

use std::path::PathBuf;

use catalog::{CacheNamespace, CheckedCatalog, Lock, Mirrors, Needs, ProxyEnv, Variant};

use super::pin::begin;
use crate::{
    contexts::BuildContext,
    error::EngineError,
    helper_image::HelperImage,
    inputs::{self, InputError, ReadInputs},
    lock_file,
};

/// Where inputs come from, and where a lock is kept.
pub trait InputSource: Sync {
    /// Why it fails.
    type Error: From<EngineError> + Send;

    /// Reads what `needs` says for `variants` of `catalog`, and nothing else. The error names the step that declares
    /// what cannot be read.
    fn read(
        &self,
        catalog: &CheckedCatalog,
        needs: &Needs,
        variants: &[Variant],
    ) -> impl Future<Output = Result<ReadInputs, Self::Error>> + Send;

    /// A failure, and another one after it.
    fn both(first: Self::Error, later: Self::Error) -> Self::Error;

    /// Keeps the changes from `base` to `found`. Returns the lock that is kept then, which may have more from other
    /// calls.
    fn keep(&self, base: &Lock, found: Lock) -> Result<Lock, Self::Error>;
}

/// A context directory of this machine, with what the user gives besides.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    /// The directory that files, Dockerfiles and the lock are in.
    pub context: PathBuf,
    /// Replacements of bases, and directories of input files.
    pub build_contexts: Vec<BuildContext>,
    /// The image that has the packer; this program's own packer without one.
    pub helper_image: Option<HelperImage>,
    /// The prefix of the ids of cache mounts, in the place of the lock's.
    pub cache_namespace: Option<CacheNamespace>,
    /// Proxies for steps that reach the network.
    pub proxy: Option<ProxyEnv>,
    /// The mirrors of downloads.
    pub mirrors: Mirrors,
    /// Where pins are kept.
    pub pins: Pins,
}

/// Where the pins of a call are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pins {
    /// In the lock of the context directory.
    #[default]
    InLock,
    /// Nowhere: they end with the call, and those of the lock are not used.
    InCall,
}

impl Disk {
    /// A context directory, and nothing else.
    pub fn new(context: impl Into<PathBuf>) -> Self {
        Self {
            context: context.into(),
            ..Self::default()
        }
    }
}

impl InputSource for Disk {
    type Error = EngineError;

    async fn read(
        &self,
        catalog: &CheckedCatalog,
        needs: &Needs,
        variants: &[Variant],
    ) -> Result<ReadInputs, EngineError> {
        inputs::read(self, needs, variants).map_err(|error| match error {
            InputError::Declared(error) => {
                InputError::Declared(error.of_step(catalog, variants).into()).into()
            }
            error => error.into(),
        })
    }

    fn both(first: EngineError, later: EngineError) -> EngineError {
        EngineError::Twice(Box::new(first), Box::new(later))
    }

    fn keep(&self, base: &Lock, mut found: Lock) -> Result<Lock, EngineError> {
        begin(&mut found);
        if self.pins == Pins::InCall {
            return Ok(found);
        }
        Ok(lock_file::write(&self.context, base, &found)?.lock)
    }
}
