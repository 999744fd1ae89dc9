//! What a definition says about a vertex without changing its digest.

use std::borrow::Cow;
use std::sync::Arc;

use crate::cap::Cap;
use crate::wire::Writer;

/// The key under which progress looks for a vertex's name.
pub(crate) const CUSTOM_NAME: &str = "llb.customname";

/// The metadata of one vertex. Mirrors `pb.OpMetadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpMetadata {
    pub(crate) ignore_cache: bool,
    /// Sorted by key.
    pub(crate) description: Vec<(Cow<'static, str>, Arc<str>)>,
    pub(crate) export_cache: Option<ExportCache>,
    /// Sorted.
    pub(crate) caps: Vec<Cap>,
    pub(crate) progress_group: Option<Arc<ProgressGroup>>,
    pub(crate) linux_resources: Option<Arc<LinuxResources>>,
}

/// Whether a vertex's result goes into an exported cache, whatever the export's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportCache {
    /// It always does.
    Always,
    /// It never does.
    Never,
}

/// A group that progress shows as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) strength: GroupStrength,
}

/// Whether a progress group stays when its vertex is also part of another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupStrength {
    /// It stays. The default.
    #[default]
    Strong,
    /// It gives way.
    Weak,
}

/// Limits for the containers of an exec. They are metadata: the cache does not depend on them. 0 and empty stand for
/// no limit. Mirrors `pb.LinuxResources`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinuxResources {
    /// The most memory, in bytes.
    pub memory: i64,
    /// The most memory and swap together, in bytes.
    pub memory_swap: i64,
    /// The weight beside other containers.
    pub cpu_shares: u64,
    /// The scheduler's period, in microseconds.
    pub cpu_period: u64,
    /// The CPU time in each period, in microseconds.
    pub cpu_quota: i64,
    /// The CPUs that may be used, such as `0-3`.
    pub cpuset_cpus: String,
    /// The memory nodes that may be used, such as `0,1`.
    pub cpuset_mems: String,
}

impl OpMetadata {
    /// The name that progress shows, if one was given.
    pub fn custom_name(&self) -> Option<&str> {
        self.description()
            .find(|(key, _)| *key == CUSTOM_NAME)
            .map(|(_, value)| value)
    }

    /// The description, sorted by key.
    pub fn description(&self) -> impl Iterator<Item = (&str, &str)> {
        self.description
            .iter()
            .map(|(key, value)| (&**key, &**value))
    }

    /// Whether the vertex runs even when the cache has its result.
    pub fn ignores_cache(&self) -> bool {
        self.ignore_cache
    }

    /// Whether its result goes into an exported cache; `None` leaves it to the export.
    pub fn export_cache(&self) -> Option<ExportCache> {
        self.export_cache
    }

    /// The capabilities that the daemon must have, sorted.
    pub fn caps(&self) -> &[Cap] {
        &self.caps
    }

    /// The group that progress shows the vertex in.
    pub fn progress_group(&self) -> Option<&ProgressGroup> {
        self.progress_group.as_deref()
    }

    /// The limits for its containers.
    pub fn linux_resources(&self) -> Option<&LinuxResources> {
        self.linux_resources.as_deref()
    }

    /// Sets one entry of the description.
    pub(crate) fn describe(&mut self, key: Cow<'static, str>, value: Arc<str>) {
        match self
            .description
            .binary_search_by(|(known, _)| known.cmp(&key))
        {
            Ok(at) => self.description[at].1 = value,
            Err(at) => self.description.insert(at, (key, value)),
        }
    }

    /// Adds capabilities.
    pub(crate) fn add_caps(&mut self, caps: impl IntoIterator<Item = Cap>) {
        self.caps.extend(caps);
        self.caps.sort_unstable();
        self.caps.dedup();
    }

    /// Lays `over` on top, as BuildKit's `mergeMetadata` does: what is set there wins, lists are united.
    pub(crate) fn merge(&mut self, over: &Self) {
        self.ignore_cache |= over.ignore_cache;
        for (key, value) in &over.description {
            self.describe(key.clone(), value.clone());
        }
        self.export_cache = over.export_cache.or(self.export_cache);
        if !over.caps.is_empty() {
            self.add_caps(over.caps.iter().cloned());
        }
        if over.progress_group.is_some() {
            self.progress_group.clone_from(&over.progress_group);
        }
        if over.linux_resources.is_some() {
            self.linux_resources.clone_from(&over.linux_resources);
        }
    }

    /// Writes the fields of `pb.OpMetadata`.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.bool(1, self.ignore_cache);
        for (key, value) in &self.description {
            writer.string_entry(2, key, value);
        }
        if let Some(export) = self.export_cache {
            writer.message(4, |message| message.bool(1, export == ExportCache::Always));
        }
        for cap in &self.caps {
            writer.message(5, |entry| {
                entry.element(1, cap.as_str().as_bytes());
                entry.bool(2, true);
            });
        }
        if let Some(group) = &self.progress_group {
            writer.message(6, |message| {
                message.string(1, &group.id);
                message.string(2, &group.name);
                message.bool(3, group.strength == GroupStrength::Weak);
            });
        }
        if let Some(resources) = &self.linux_resources {
            writer.message(7, |message| resources.encode(message));
        }
    }
}

impl ProgressGroup {
    /// A group by its id, which vertices share, and the name that is shown.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            strength: GroupStrength::Strong,
        }
    }

    /// The same group, giving way to others.
    pub fn weak(mut self) -> Self {
        self.strength = GroupStrength::Weak;
        self
    }

    /// The id that vertices share.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name that is shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it gives way to others.
    pub fn strength(&self) -> GroupStrength {
        self.strength
    }
}

impl LinuxResources {
    fn encode(&self, writer: &mut Writer) {
        writer.int(1, self.memory);
        writer.int(2, self.memory_swap);
        writer.uint(3, self.cpu_shares);
        writer.uint(4, self.cpu_period);
        writer.int(5, self.cpu_quota);
        writer.string(6, &self.cpuset_cpus);
        writer.string(7, &self.cpuset_mems);
    }
}
