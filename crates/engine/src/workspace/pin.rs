//! Pinning until nothing is left to pin.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use catalog::{CacheNamespace, Epoch, Lock, Move};

use super::{InputSource, Workspace};
use crate::{
    error::EngineError,
    pinning::{Pinning, Resolve},
};

/// The most rounds of pinning in a call. Only another call that pins at the same moment makes it more than one.
const MOST: usize = 5;

/// The events of pinning.
#[derive(Debug)]
pub enum PinEvent<'a> {
    /// A name is being resolved.
    Resolving(&'a str),
    /// A pin is new, or another one than before.
    Moved(&'a Move),
}

impl Workspace<'_> {
    /// Asks `resolver` what unpinned references stand for, has `source` keep the answers, and plans again, until
    /// nothing is left to ask. Returns the names that were asked for. Another call may pin at the same time; both then
    /// go on with the pins of the lock, which may lack a platform that only this call needs.
    ///
    /// # Errors
    /// When something is still not pinned in the end: it would be built as what it stands for in that moment. Pins that
    /// were found before a failure are kept.
    pub async fn pin<S, R>(
        &mut self,
        source: &S,
        resolver: &R,
        tell: &(dyn Fn(PinEvent<'_>) + Sync),
    ) -> Result<Vec<String>, S::Error>
    where
        S: InputSource,
        R: Resolve + Sync,
        S::Error: From<R::Error>,
    {
        let mut names = Vec::new();
        for _ in 0..MOST {
            if self.unpinned.is_empty() {
                return Ok(names);
            }
            let pinning = Pinning::of(&self.unpinned).map_err(EngineError::from)?;
            let pinning = pinning.with_mirrors(&self.inputs.mirrors);
            self.pin_once(source, &pinning, resolver, tell).await?;
            names.extend(pinning.names());
            self.plan()?;
        }
        if self.unpinned.is_empty() {
            return Ok(names);
        }
        let names: BTreeSet<String> = self.unpinned.iter().map(|one| one.source.name()).collect();
        let attempts = MOST;
        Err(EngineError::StillNotPinned { names, attempts }.into())
    }

    async fn pin_once<S, R>(
        &mut self,
        source: &S,
        pinning: &Pinning,
        resolver: &R,
        tell: &(dyn Fn(PinEvent<'_>) + Sync),
    ) -> Result<(), S::Error>
    where
        S: InputSource,
        R: Resolve + Sync,
        S::Error: From<R::Error>,
    {
        let base = self.inputs.lock.clone();
        let resolving = |name: &str| tell(PinEvent::Resolving(name));
        let mut found = base.clone();
        let pinned = pinning.pin(&mut found, resolver, &resolving).await;
        if pinned.is_err() && found == base {
            return Ok(pinned?);
        }
        // Even after a failure: the next call asks for the rest alone.
        let kept = source.keep(&base, found);
        if let Ok(lock) = &kept {
            self.inputs.lock.clone_from(lock);
            for moved in lock.moved_from(&base) {
                tell(PinEvent::Moved(&moved));
            }
        }
        match (pinned, kept) {
            (Ok(()), kept) => kept.map(drop),
            (Err(error), Ok(_)) => Err(error.into()),
            (Err(error), Err(unkept)) => Err(S::both(error.into(), unkept)),
        }
    }
}

/// Gives a lock what every lock has besides pins: an epoch for package indexes, and a namespace for caches.
pub fn begin(lock: &mut Lock) {
    if lock.epoch().is_none() {
        lock.set_epoch(now());
    }
    lock.begin_cache_namespace(random_namespace());
}

/// A namespace that nobody else has.
fn random_namespace() -> CacheNamespace {
    let name = &buildkit_client::random_id()[..CacheNamespace::DIGITS];
    name.parse().expect("hex digits are a namespace")
}

/// This moment.
///
/// # Panics
/// Never: 1970 is a year that an epoch can be in.
pub fn now() -> Epoch {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let epoch = i64::try_from(seconds).ok().and_then(Epoch::from_seconds);
    epoch
        .or_else(|| Epoch::from_seconds(0))
        .expect("1970 is a year that an epoch can be in")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use catalog::{
        Artifact, Caching, Catalog, CheckedCatalog, Commit, ContentDigest, GitSource, ImageRef,
        Inputs, Needs, Platform, Request, Variant,
    };

    use super::*;
    use crate::{inputs::ReadInputs, pinning::ResolvedImage};

    /// Keeps nothing for some rounds, as if other calls changed the lock all the time.
    struct Forgetful {
        rounds: usize,
        kept: AtomicUsize,
    }

    impl InputSource for Forgetful {
        type Error = EngineError;

        async fn read(
            &self,
            _: &CheckedCatalog,
            _: &Needs,
            _: &[Variant],
        ) -> Result<ReadInputs, EngineError> {
            Ok(ReadInputs {
                inputs: Inputs::default(),
                roots: std::collections::BTreeMap::new(),
                stores: std::collections::BTreeMap::new(),
            })
        }

        fn both(first: EngineError, _: EngineError) -> EngineError {
            first
        }

        fn keep(&self, base: &Lock, found: Lock) -> Result<Lock, EngineError> {
            let before = self.kept.fetch_add(1, Ordering::Relaxed);
            Ok(if before + 1 < self.rounds {
                base.clone()
            } else {
                found
            })
        }
    }

    struct Registry;

    impl Resolve for Registry {
        type Error = EngineError;

        async fn image(
            &self,
            _: &ImageRef,
            platforms: &[Platform],
        ) -> Result<ResolvedImage, EngineError> {
            let config = |platform: &Platform| (platform.clone(), b"{}".to_vec());
            Ok(ResolvedImage {
                digest: format!("sha256:{:064x}", 1).parse().unwrap(),
                configs: platforms.iter().map(config).collect(),
            })
        }

        async fn http(&self, _: &str, _: &str) -> Result<ContentDigest, EngineError> {
            unreachable!("there are no downloads")
        }

        async fn git(&self, _: &GitSource) -> Result<Commit, EngineError> {
            unreachable!("there are no git sources")
        }

        fn nonsense(&self, name: &str, what: String) -> EngineError {
            unreachable!("{name}: {what}")
        }
    }

    #[tokio::test]
    async fn what_is_never_pinned_is_no_success() {
        let tools = Artifact::rootfs("tools", "debian:12");
        let catalog = Catalog::new().artifact(tools).check().unwrap();
        let request = Request {
            artifacts: vec!["tools".into()],
            ..Request::default()
        };
        let check = async |rounds: usize, expected: Option<&str>| {
            let source = Forgetful {
                rounds,
                kept: AtomicUsize::new(0),
            };
            let opened = Workspace::open(&catalog, &request, &source, Caching::Use).await;
            let mut workspace = opened.unwrap();
            assert!(workspace.plans().iter().all(|plan| plan.id.is_none()));
            let pinned = workspace.pin(&source, &Registry, &|_| {}).await;
            let error = pinned.err().map(|error| error.to_string());
            assert_eq!(error.is_some(), expected.is_some(), "{error:?}");
            let names = |error: &str| expected.is_some_and(|name| error.contains(name));
            assert!(error.is_none_or(|error| names(&error)));
            assert_eq!(source.kept.into_inner(), rounds.min(MOST));
            let is_planned = workspace.plans().iter().all(|plan| plan.id.is_some());
            assert_eq!(is_planned, expected.is_none());
        };
        check(1, None).await;
        check(MOST, None).await;
        check(MOST + 1, Some("debian:12")).await;
    }
}
