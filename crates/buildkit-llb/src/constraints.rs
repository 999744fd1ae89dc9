//! The options of a marshal call, which apply to every vertex.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cap::CapSet;
use crate::metadata::{ExportCache, LinuxResources, ProgressGroup};
use crate::notes::SharedNotes;
use crate::platform::Platform;

/// The sessions that send local sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSessions {
    /// The session of all sources that have none of their own here.
    pub all: String,
    /// The sessions of single sources, by name.
    pub named: BTreeMap<String, String>,
    /// Whether only changed files are sent, by a comparison of metadata with the files that the daemon keeps from
    /// earlier sessions with the same shared key and sources with the same patterns. Others who know the key can read
    /// these files, and replace them by files with the same metadata.
    pub changes_only: bool,
}

impl LocalSessions {
    /// One session for all.
    pub fn new(session: impl Into<String>) -> Self {
        Self {
            all: session.into(),
            named: BTreeMap::new(),
            changes_only: false,
        }
    }

    /// The same for clients that send only what changed; see [`changes_only`](Self::changes_only).
    pub fn changes_only(self) -> Self {
        Self {
            changes_only: true,
            ..self
        }
    }

    /// The session of the source `name`.
    pub(crate) fn of(&self, name: &str) -> &str {
        self.named.get(name).unwrap_or(&self.all)
    }
}

/// The options of a marshal call, for all vertices. Mirrors `llb.Constraints` at marshal level.
///
/// Unlike BuildKit's client, nothing is taken from the machine: the platform must be given when a vertex needs one,
/// and so must an id for local sources that have none of their own.
#[derive(Debug, Clone, Default)]
pub struct Constraints {
    pub(crate) platform: Option<Arc<Platform>>,
    pub(crate) filters: Vec<String>,
    pub(crate) notes: SharedNotes,
    pub(crate) local_unique_id: Option<String>,
    pub(crate) local_sessions: Option<Arc<LocalSessions>>,
    pub(crate) cache_namespace: Option<Arc<str>>,
    pub(crate) caps: Option<Arc<CapSet>>,
}

impl Constraints {
    /// Constraints for a platform, which is stored as given; all else is unset. `default()` has no platform.
    pub fn new(platform: Platform) -> Self {
        Self {
            platform: Some(Arc::new(platform)),
            ..Self::default()
        }
    }

    /// Adds a filter that a worker must match, in containerd's filter syntax.
    pub fn require_worker(mut self, filter: impl Into<String>) -> Self {
        self.filters.push(filter.into());
        self
    }

    /// Sets the id of local sources that have neither an id nor a session of their own. Default: none; such sources
    /// are an error then.
    ///
    /// The daemon takes local sources with equal ids for the same directory, whoever sends them.
    pub fn local_unique_id(mut self, id: impl Into<String>) -> Self {
        self.local_unique_id = Some(id.into());
        self
    }

    /// Binds local sources that have no session of their own to those of the clients that send them, whatever id they
    /// have: nobody else can send them then. Default: none. BuildKit's client has no such thing; it names a session
    /// when it makes the source.
    pub fn local_sessions(mut self, sessions: LocalSessions) -> Self {
        self.local_sessions = Some(Arc::new(sessions));
        self
    }

    /// Puts a name before the ids of all cache mounts: `NAMESPACE/ID`, as the Dockerfile frontend does with
    /// `BUILDKIT_CACHE_MOUNT_NS`. Equal ids are one cache, whoever builds. Default: none, and the ids are as they are.
    pub fn cache_namespace(mut self, namespace: &str) -> Self {
        self.cache_namespace = Some(namespace.into());
        self
    }

    /// Sets the daemon's capabilities. Default: unknown. The only effect is on execs: with
    /// `exec.meta.setsdefaultpath` the daemon sets `PATH`, without it the graph does.
    pub fn caps(mut self, caps: CapSet) -> Self {
        self.caps = Some(Arc::new(caps));
        self
    }

    /// Runs every vertex even when the cache has its result.
    pub fn ignore_cache(mut self) -> Self {
        self.notes.get_mut().ignore_cache = true;
        self
    }

    /// Sets for every vertex whether its result goes into an exported cache. Default: the export's mode decides.
    pub fn export_cache(mut self, export: ExportCache) -> Self {
        self.notes.get_mut().export_cache = Some(export);
        self
    }

    /// Adds an entry to every vertex's description.
    pub fn description(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.notes
            .get_mut()
            .describe(Cow::Owned(key.into()), Arc::from(value.into()));
        self
    }

    /// Shows every vertex that has no group in this one.
    pub fn progress_group(mut self, group: ProgressGroup) -> Self {
        self.notes.get_mut().progress_group = Some(Arc::new(group));
        self
    }

    /// Limits the containers of every exec that has no limits of its own.
    pub fn linux_resources(mut self, resources: LinuxResources) -> Self {
        self.notes.get_mut().linux_resources = Some(Arc::new(resources));
        self
    }

    /// These constraints with those of a later call on top.
    pub(crate) fn overridden_by(&self, later: &Self) -> Self {
        let mut merged = self.clone();
        if later.platform.is_some() {
            merged.platform.clone_from(&later.platform);
        }
        merged.filters.extend_from_slice(&later.filters);
        merged.notes.merge(&later.notes);
        if later.local_unique_id.is_some() {
            merged.local_unique_id.clone_from(&later.local_unique_id);
        }
        if later.local_sessions.is_some() {
            merged.local_sessions.clone_from(&later.local_sessions);
        }
        if later.cache_namespace.is_some() {
            merged.cache_namespace.clone_from(&later.cache_namespace);
        }
        if later.caps.is_some() {
            merged.caps.clone_from(&later.caps);
        }
        merged
    }
}
