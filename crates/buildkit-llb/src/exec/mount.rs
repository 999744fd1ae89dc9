//! Mounts of a container.

use std::sync::Arc;

use super::ROOT;
use super::secret::{SecretFile, SshSocket};
use crate::error::OpError;
use crate::settings::Values;
use crate::state::State;
use crate::vertex::{Output, Slot};

/// Any mount: made from [`BindMount`], [`CacheMount`], [`TmpfsMount`], [`SecretFile`] or [`SshSocket`].
#[derive(Debug, Clone)]
pub struct Mount(pub(super) MountVariant);

/// The two families of mounts: those that are sorted and may have outputs, and those that follow them.
#[derive(Debug, Clone)]
pub(super) enum MountVariant {
    State(MountNode),
    Secret(SecretFile),
    Ssh(SshSocket),
}

/// A state mounted into a container. The changed state is an output of the exec.
#[derive(Debug, Clone)]
pub struct BindMount(MountNode);

/// A directory that the daemon keeps from build to build; it is never part of a result.
#[derive(Debug, Clone)]
pub struct CacheMount(MountNode);

/// A file system in memory.
#[derive(Debug, Clone)]
pub struct TmpfsMount(MountNode);

/// The rule for two execs that use a cache at once. Mirrors `pb.CacheSharingOpt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheSharing {
    /// They share it. The default.
    #[default]
    Shared,
    /// The second gets one of its own.
    Private,
    /// The second waits for the first.
    Locked,
}

/// Whether a read-only mount enters the cache key by its content instead of by its graph. Mirrors
/// `pb.MountContentCache`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentCache {
    /// The daemon decides. The default.
    #[default]
    Default,
    /// By content.
    On,
    /// By graph.
    Off,
}

/// A mount that is sorted and may have an input and an output.
#[derive(Debug, Clone)]
pub(super) struct MountNode {
    pub(super) target: Box<str>,
    pub(super) selector: Option<Box<str>>,
    pub(super) kind: MountKind,
    pub(super) content_cache: ContentCache,
    pub(super) readonly: bool,
    no_output: bool,
    pub(super) source: Source,
    pub(super) output: Option<u32>,
    /// The values that a state of the output inherits.
    pub(super) values: Arc<Values>,
}

/// The source of a mount: an output until the exec is finished, then one of its inputs.
#[derive(Debug, Clone)]
pub(super) enum Source {
    None,
    Output(Output),
    Slot(Slot),
}

/// The properties of a mount, without its input.
#[derive(Debug, Clone)]
pub(super) enum MountKind {
    Bind,
    Cache { id: Box<str>, sharing: CacheSharing },
    Tmpfs { size: i64 },
}

impl BindMount {
    /// `source` at `target`, writable.
    pub fn new(target: impl Into<String>, source: &State) -> Self {
        Self(MountNode::new(
            target.into().into_boxed_str(),
            source,
            MountKind::Bind,
        ))
    }

    /// Mounts it read-only; there is no output then.
    pub fn readonly(mut self) -> Self {
        self.0.readonly = true;
        self
    }

    /// Mounts only the path `path` of the source. Default: all of it.
    pub fn selector(mut self, path: impl Into<String>) -> Self {
        self.0.set_selector(path.into());
        self
    }

    /// Drops the changes, instead of making an output of them.
    pub fn no_output(mut self) -> Self {
        self.0.no_output = true;
        self
    }

    /// Sets how it enters the cache key. Default: the daemon decides.
    pub fn content_cache(mut self, content_cache: ContentCache) -> Self {
        self.0.content_cache = content_cache;
        self
    }
}

impl CacheMount {
    /// The cache `id` at `target`, writable, shared and empty at first.
    pub fn new(target: impl Into<String>, id: impl Into<String>) -> Self {
        let kind = MountKind::Cache {
            id: id.into().into_boxed_str(),
            sharing: CacheSharing::Shared,
        };
        Self(MountNode::new(
            target.into().into_boxed_str(),
            &State::scratch(),
            kind,
        ))
    }

    /// Sets the rule for two execs that use it at once. Default: [`CacheSharing::Shared`].
    pub fn sharing(mut self, mode: CacheSharing) -> Self {
        if let MountKind::Cache { sharing, .. } = &mut self.0.kind {
            *sharing = mode;
        }
        self
    }

    /// Fills a new cache with `source`. Default: nothing.
    pub fn from_state(mut self, source: &State) -> Self {
        self.0.source = Source::of(source);
        self.0.values = source.values.clone();
        self
    }

    /// Fills a new cache with the path `path` of its source. Default: all of it.
    pub fn selector(mut self, path: impl Into<String>) -> Self {
        self.0.set_selector(path.into());
        self
    }

    /// Mounts it read-only.
    pub fn readonly(mut self) -> Self {
        self.0.readonly = true;
        self
    }

    /// Sets how the source of a new cache enters the cache key. Default: the daemon decides.
    pub fn content_cache(mut self, content_cache: ContentCache) -> Self {
        self.0.content_cache = content_cache;
        self
    }
}

impl TmpfsMount {
    /// An empty file system in memory at `target`.
    pub fn new(target: impl Into<String>) -> Self {
        Self(MountNode::new(
            target.into().into_boxed_str(),
            &State::scratch(),
            MountKind::Tmpfs { size: 0 },
        ))
    }

    /// Sets the largest size, in bytes. Default: 0, the kernel's limit.
    pub fn size(mut self, bytes: i64) -> Self {
        self.0.kind = MountKind::Tmpfs { size: bytes };
        self
    }

    /// Mounts it read-only, so that it stays empty.
    pub fn readonly(mut self) -> Self {
        self.0.readonly = true;
        self
    }
}

impl MountNode {
    /// The root file system.
    pub(super) fn root(base: &State, readonly: bool) -> Self {
        Self {
            readonly,
            ..Self::new(ROOT.into(), base, MountKind::Bind)
        }
    }

    fn new(target: Box<str>, source: &State, kind: MountKind) -> Self {
        Self {
            target,
            selector: None,
            kind,
            content_cache: ContentCache::Default,
            readonly: false,
            no_output: false,
            source: Source::of(source),
            output: None,
            values: source.values.clone(),
        }
    }

    fn set_selector(&mut self, path: String) {
        self.selector = (!path.is_empty()).then(|| path.into());
    }

    /// The input of the finished exec that is mounted.
    pub(super) fn slot(&self) -> Option<Slot> {
        match self.source {
            Source::Slot(slot) => Some(slot),
            Source::None | Source::Output(_) => None,
        }
    }

    /// Whether it is an output of the exec.
    pub(super) fn has_output(&self) -> bool {
        matches!(self.kind, MountKind::Bind) && !self.readonly && !self.no_output
    }

    /// The problem.
    pub(super) fn fault(&self) -> Option<OpError> {
        match &self.kind {
            MountKind::Cache { id, .. } if id.is_empty() => Some(OpError::EmptyCacheId {
                target: self.target.to_string(),
            }),
            MountKind::Bind if &*self.target == ROOT && self.readonly && self.slot().is_none() => {
                Some(OpError::ReadonlyScratchRoot)
            }
            _ => None,
        }
    }
}

impl Source {
    fn of(state: &State) -> Self {
        state.output.clone().map_or(Self::None, Self::Output)
    }
}

impl From<BindMount> for Mount {
    fn from(mount: BindMount) -> Self {
        Self(MountVariant::State(mount.0))
    }
}

impl From<CacheMount> for Mount {
    fn from(mount: CacheMount) -> Self {
        Self(MountVariant::State(mount.0))
    }
}

impl From<TmpfsMount> for Mount {
    fn from(mount: TmpfsMount) -> Self {
        Self(MountVariant::State(mount.0))
    }
}

impl From<SecretFile> for Mount {
    fn from(secret: SecretFile) -> Self {
        Self(MountVariant::Secret(secret))
    }
}

impl From<SshSocket> for Mount {
    fn from(socket: SshSocket) -> Self {
        Self(MountVariant::Ssh(socket))
    }
}
