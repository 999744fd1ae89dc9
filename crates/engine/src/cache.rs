//! The caches of a call: those that every solve reads from, and those that one last solve writes.
//!
//! The last solve has no exporter: a push and a cache in one solve cancel each other when one fails. Its graph has one
//! head, which depends on every platform of every artifact: of several heads, BuildKit loses links between them when the
//! cache is read (seen with 0.32.2).

use std::collections::BTreeMap;

use buildkit_client::{
    BuildResult, CacheEntry, CacheKind, Daemon, Gateway, GatewayError, GraphRequest, Progress,
    SessionId, Solve,
};
use buildkit_llb::{Constraints, State};
use catalog::Plan;
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use crate::{
    build::{BuildOptions, FailureReason},
    declared::{tell_of_refused, with_declared},
    event::Event,
    redact::Redactor,
    solve::with_sources,
};

/// The id of the head that depends on all artifacts.
const HEAD: &str = "llbgen-cache";

/// The first BuildKit with the operation of that head.
const WITH_PASSTHROUGH: (u32, u32) = (0, 31);

/// The caches of a call.
#[derive(Debug, Clone, Default)]
pub struct Caches {
    imports: Vec<CacheEntry>,
    /// Those that the last solve writes.
    exports: Vec<CacheEntry>,
    /// Whether each pushed image carries the cache of itself.
    is_inline: bool,
}

/// Caches that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CachesError {
    /// A cache that is only written.
    #[error("an inline cache is read from the image that has it: `type=registry,ref=IMAGE`")]
    InlineImport,
    /// Two caches that would overwrite each other.
    #[error("the cache `{0}` would be written twice")]
    Twice(String),
}

/// The caches were not written.
#[derive(Debug, thiserror::Error)]
#[error("everything is built, but the cache {} is not written", names(.exports))]
pub struct CacheFailure {
    /// The caches.
    exports: Vec<CacheEntry>,
    /// Why.
    #[source]
    pub reason: FailureReason,
}

fn names(exports: &[CacheEntry]) -> String {
    let names = exports.iter().map(|cache| format!("`{cache}`"));
    names.collect::<Vec<_>>().join(", ")
}

impl Caches {
    /// The caches to read and to write. A cache that is written has all steps (`mode=max`) unless it says otherwise.
    ///
    /// # Errors
    /// When an inline cache is to be read, or one cache would be written twice.
    pub fn new(imports: Vec<CacheEntry>, exports: Vec<CacheEntry>) -> Result<Self, CachesError> {
        if imports
            .iter()
            .any(|cache| cache.kind() == CacheKind::Inline)
        {
            return Err(CachesError::InlineImport);
        }
        for (at, cache) in exports.iter().enumerate() {
            let is_same = |other: &CacheEntry| {
                other.kind() == cache.kind() && other.to_string() == cache.to_string()
            };
            if exports[..at].iter().any(is_same) {
                return Err(CachesError::Twice(cache.to_string()));
            }
        }
        let (inline, exports): (Vec<_>, Vec<_>) = exports
            .into_iter()
            .partition(|cache| cache.kind() == CacheKind::Inline);
        Ok(Self {
            imports,
            exports: exports
                .into_iter()
                .map(|cache| cache.with_default("mode", "max"))
                .collect(),
            is_inline: !inline.is_empty(),
        })
    }

    /// Whether a last solve writes caches.
    pub(crate) fn are_written(&self) -> bool {
        !self.exports.is_empty()
    }

    /// The notice that a call which builds nothing writes no cache, if it was asked for one.
    pub fn left_alone(&self) -> Option<String> {
        let names = names(&self.exports);
        self.are_written()
            .then(|| format!("nothing is built, so the cache {names} stays as it is"))
    }

    /// The caches that every solve reads.
    pub(crate) fn imports(&self) -> &[CacheEntry] {
        &self.imports
    }

    /// The solve, which reads the caches.
    pub(crate) fn read_by(&self, solve: Solve) -> Solve {
        self.imports
            .iter()
            .cloned()
            .fold(solve, Solve::with_cache_import)
    }

    /// The solve of an image, which carries its cache if that is wanted.
    pub(crate) fn carried_by(&self, image: Solve) -> Solve {
        if !self.is_inline {
            return image;
        }
        image.with_cache_export(CacheEntry::new(CacheKind::Inline, BTreeMap::new()))
    }

    /// The images whose registries a solve with these caches reaches.
    pub(crate) fn images(&self) -> impl Iterator<Item = &str> {
        let all = self.imports.iter().chain(&self.exports);
        all.filter(|cache| cache.kind() == CacheKind::Registry)
            .filter_map(|cache| cache.attr("ref"))
    }
}

/// Writes the caches of all of `plans`. What the daemon does not have of them is built.
pub(crate) async fn write(
    daemon: &Daemon,
    plans: Vec<Plan>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<(), CacheFailure> {
    let writing = Writing {
        daemon,
        options,
        cancelled,
        events,
    };
    writing.all(plans).await.map_err(|reason| CacheFailure {
        exports: options.caches.exports.clone(),
        reason,
    })
}

struct Writing<'a> {
    daemon: &'a Daemon,
    options: &'a BuildOptions,
    cancelled: &'a CancellationToken,
    events: &'a (dyn Fn(Event) + Sync),
}

impl Writing<'_> {
    async fn all(&self, plans: Vec<Plan>) -> Result<(), FailureReason> {
        let Some(first) = plans.first() else {
            return Ok(());
        };
        let variant = std::sync::Arc::new(first.variant.clone());
        let session = SessionId::random();
        let sessions = self.options.sessions(&session);
        let plans: Vec<Plan> = plans
            .into_iter()
            .map(|plan| plan.for_sessions(&sessions))
            .collect();
        (self.events)(Event::Notice(format!(
            "writing the cache {}",
            names(&self.options.caches.exports)
        )));
        let solve = self.options.in_session(self.solve(&plans), session);
        let exports = self.options.caches.exports.iter().cloned();
        let solve = exports.fold(solve, Solve::with_cache_export);
        let solve = with_declared(solve, &plans, [], self.options);
        let solve = with_sources(solve, &plans, self.options)?;
        let mut redactor = Redactor::new(self.options.secrets.to_redact());
        let on_progress = |progress: Progress| {
            (self.events)(Event::Progress {
                variant: std::sync::Arc::clone(&variant),
                progress: redactor.redact(progress),
            });
        };
        let solved = self.daemon.solve(solve, on_progress, self.cancelled).await;
        tell_of_refused(&self.options.registries, self.events);
        solved.map(drop).map_err(FailureReason::from)
    }

    fn solve(&self, plans: &[Plan]) -> Solve {
        if has_passthrough(&self.daemon.info().version)
            && let Some(head) = one_head(plans)
        {
            return Solve::definition(head);
        }
        (self.events)(Event::Warning(format!(
            "BuildKit {} writes a cache in which links between artifacts may be missing; 0.31 and later write a complete one",
            self.daemon.info().version
        )));
        let graphs = plans
            .iter()
            .map(|plan| plan.to_solve().to_bytes())
            .collect();
        let imports = self.options.caches.imports().to_vec();
        Solve::led_by(move |gateway| several_heads(gateway, graphs, imports))
    }
}

/// One graph that depends on all others.
fn one_head(plans: &[Plan]) -> Option<Vec<u8>> {
    let mut heads = plans
        .iter()
        .map(|plan| State::from_definition(plan.to_solve()));
    let first = heads.find(|state| !state.is_scratch())?;
    let others: Vec<State> = heads.collect();
    let head = first.requires(HEAD, &others);
    let definition = head.marshal(&Constraints::default()).ok()?;
    Some(definition.to_bytes())
}

/// All graphs side by side, as a result of several file systems.
async fn several_heads(
    gateway: Gateway,
    graphs: Vec<Vec<u8>>,
    imports: Vec<CacheEntry>,
) -> Result<(), GatewayError> {
    let imports: Vec<_> = imports.iter().map(CacheEntry::to_import).collect();
    let solving = graphs.into_iter().enumerate().map(|(number, definition)| {
        let request = GraphRequest {
            definition: definition.into(),
            cache_imports: imports.clone(),
            evaluate: true,
        };
        let gateway = &gateway;
        async move { Ok::<_, GatewayError>((number.to_string(), gateway.solve(request).await?)) }
    });
    let references = try_join_all(solving).await?.into_iter().collect();
    gateway.give_back(BuildResult::Named(references)).await
}

/// Whether a daemon of this version knows the operation of the one head. A version that is no number is a newer one,
/// built from a commit.
fn has_passthrough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= WITH_PASSTHROUGH,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caches(imports: &[&str], exports: &[&str]) -> Result<Caches, String> {
        let parsed = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Caches::new(parsed(imports), parsed(exports)).map_err(|error| error.to_string())
    }

    #[test]
    fn written_caches_have_all_steps_by_default() {
        let modes = |exports: &[&str]| {
            let caches = caches(&[], exports).unwrap();
            let modes = caches.exports.iter().map(|cache| cache.attr("mode"));
            modes
                .map(|mode| mode.unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let exports = [
            "r.example/a",
            "type=registry,ref=r.example/b,mode=min",
            "type=inline",
        ];
        assert_eq!(modes(&exports), ["max", "min"]);
    }

    #[test]
    fn two_writers_of_one_cache_are_refused() {
        let check = |exports: &[&str], twice: Option<&str>| {
            let expected = twice.map(|name| format!("the cache `{name}` would be written twice"));
            assert_eq!(caches(&[], exports).err(), expected, "{exports:?}");
        };
        check(&["r.example/a", "r.example/b", "type=gha"], None);
        check(
            &["r.example/a", "type=registry,ref=r.example/a,mode=min"],
            Some("r.example/a"),
        );
        check(&["type=gha,scope=a", "type=gha,scope=b"], None);
        check(&["type=gha,scope=a", "type=gha,scope=a"], Some("gha a"));
    }

    #[test]
    fn inline_caches_are_read_from_images() {
        let error = caches(&["type=inline"], &[]).unwrap_err();
        assert!(error.contains("type=registry,ref=IMAGE"), "{error}");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let check = |version: &str, expected| assert_eq!(has_passthrough(version), expected);
        check("v0.32.2", true);
        check("v0.31.0-rc1", true);
        check("v0.17.3", false);
        check("v0.9.0", false);
        check("v1.0.0", true);
        check("8a3f2c1", true);
    }
}
