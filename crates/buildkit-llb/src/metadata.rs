//! The metadata of vertices, which is no part of their digests.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cap::Cap;
use crate::notes::SharedNotes;
use crate::wire::Writer;

/// The metadata of one vertex. Mirrors `pb.OpMetadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpMetadata {
    pub(crate) notes: SharedNotes,
    /// Sorted, each once. Many vertices need the same and share them.
    pub(crate) caps: Arc<[Cap]>,
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
    /// The largest memory, in bytes.
    pub memory: i64,
    /// The largest sum of memory and swap, in bytes.
    pub memory_swap: i64,
    /// The CPU weight relative to other containers.
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
        self.notes.get().custom_name()
    }

    /// The description, sorted by key.
    pub fn description(&self) -> impl Iterator<Item = (&str, &str)> {
        self.notes
            .get()
            .description
            .iter()
            .map(|(key, value)| (&**key, &**value))
    }

    /// Whether the vertex runs even when the cache has its result.
    pub fn ignores_cache(&self) -> bool {
        self.notes.get().ignore_cache
    }

    /// Whether its result goes into an exported cache; `None` leaves it to the export.
    pub fn export_cache(&self) -> Option<ExportCache> {
        self.notes.get().export_cache
    }

    /// The capabilities that the daemon must have, sorted.
    pub fn caps(&self) -> &[Cap] {
        &self.caps
    }

    /// The group that progress shows the vertex in.
    pub fn progress_group(&self) -> Option<&ProgressGroup> {
        self.notes.get().progress_group.as_deref()
    }

    /// The limits for its containers.
    pub fn linux_resources(&self) -> Option<&LinuxResources> {
        self.notes.get().linux_resources.as_deref()
    }

    /// Takes in the metadata of an equal vertex, as BuildKit's `mergeMetadata` does.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.notes.merge(&other.notes);
        if self.caps != other.caps {
            let caps: BTreeSet<&Cap> = self.caps.iter().chain(&*other.caps).collect();
            self.caps = caps.into_iter().cloned().collect();
        }
    }

    /// Writes the fields of `pb.OpMetadata`.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        let notes = self.notes.get();
        writer.bool(1, notes.ignore_cache);
        for (key, value) in &notes.description {
            writer.string_entry(2, key, value);
        }
        if let Some(export) = notes.export_cache {
            writer.message(4, |message| message.bool(1, export == ExportCache::Always));
        }
        for cap in &*self.caps {
            writer.message(5, |entry| {
                entry.element(1, cap.as_str().as_bytes());
                entry.bool(2, true);
            });
        }
        if let Some(group) = &notes.progress_group {
            writer.message(6, |message| {
                message.string(1, &group.id);
                message.string(2, &group.name);
                message.bool(3, group.strength == GroupStrength::Weak);
            });
        }
        if let Some(resources) = &notes.linux_resources {
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
