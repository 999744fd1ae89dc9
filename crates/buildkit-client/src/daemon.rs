//! A connected daemon: its version, its workers and their platforms.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use buildkit_proto::moby::buildkit::v1::DiskUsageResponse;
use buildkit_proto::moby::buildkit::v1::types::{BuildkitVersion, GcPolicy, WorkerRecord};
use buildkit_proto::pb;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::address::Address;
use crate::rpc;

/// A connection to a buildkitd.
///
/// Cheap to clone: clones share the connection, and builds run on it side by side. A lost connection is opened again by
/// the next call.
#[derive(Debug, Clone)]
pub struct Daemon {
    channel: Channel,
    address: Address,
    info: DaemonInfo,
}

/// The daemon's version, as it tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonInfo {
    /// The Go package, `github.com/moby/buildkit`.
    pub package: String,
    /// The release, as `v0.32.2`.
    pub version: String,
    /// The commit.
    pub revision: String,
}

/// A worker of the daemon, which runs steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The worker's id.
    pub id: String,
    /// Its labels, as `org.mobyproject.buildkit.worker.executor`.
    pub labels: BTreeMap<String, String>,
    /// The platforms that it can run, its own first, emulated ones after it.
    pub platforms: Vec<WorkerPlatform>,
    /// The rules by which it forgets what it has built, in their order; none keeps everything.
    pub garbage: Vec<GarbageRule>,
}

/// A rule of a worker's garbage collection. A limit of 0 is none; sizes are in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GarbageRule {
    /// The cache may have this size, whatever else is on the disk.
    pub reserved_space: u64,
    /// The cache may not be larger.
    pub max_used_space: u64,
    /// The disk keeps this much free.
    pub min_free_space: u64,
}

/// The disk space of what a daemon keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// The number of records.
    pub records: usize,
    /// The bytes of all records.
    pub total: u64,
    /// The bytes of those that no build uses.
    pub reclaimable: u64,
}

/// A platform that a worker can run. Displayed as `linux/arm64` or `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerPlatform {
    /// As in Go's `GOOS`.
    pub os: String,
    /// As in Go's `GOARCH`.
    pub architecture: String,
    /// As `v7`; empty for none.
    pub variant: String,
}

/// A call to a connected daemon that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The connection broke: the daemon ended, or the network did.
    #[error("the connection to `{address}` was lost")]
    Lost {
        /// The daemon's address.
        address: Address,
        /// The error of the innermost layer, such as `connection reset by peer`.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The daemon answered with an error.
    #[error("the daemon at `{address}` answered: {message}")]
    Refused {
        /// The daemon's address.
        address: Address,
        /// The gRPC code.
        code: Code,
        /// The daemon's message.
        message: String,
    },
}

impl Daemon {
    pub(crate) fn new(channel: Channel, address: Address, info: DaemonInfo) -> Self {
        Self {
            channel,
            address,
            info,
        }
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The daemon's address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The daemon's version when the connection was opened.
    pub fn info(&self) -> &DaemonInfo {
        &self.info
    }

    /// The daemon's workers. The first one runs the steps.
    pub async fn list_workers(&self) -> Result<Vec<Worker>, CallError> {
        let answer = rpc::list_workers(&self.channel)
            .await
            .map_err(|status| CallError::new(&self.address, &status))?;
        Ok(answer.record.into_iter().map(Worker::from_proto).collect())
    }

    /// The disk space of what the daemon keeps. A daemon with a large cache may need seconds to add it up.
    pub async fn disk_usage(&self) -> Result<DiskUsage, CallError> {
        let answer = rpc::disk_usage(&self.channel)
            .await
            .map_err(|status| CallError::new(&self.address, &status))?;
        Ok(DiskUsage::from_proto(&answer))
    }
}

impl DiskUsage {
    fn from_proto(answer: &DiskUsageResponse) -> Self {
        let records = answer.record.iter();
        records.fold(Self::default(), |sum, record| {
            let size = positive(record.size);
            let reclaimable = if record.in_use { 0 } else { size };
            Self {
                records: sum.records + 1,
                total: sum.total.saturating_add(size),
                reclaimable: sum.reclaimable.saturating_add(reclaimable),
            }
        })
    }
}

impl GarbageRule {
    fn from_proto(policy: &GcPolicy) -> Self {
        Self {
            reserved_space: positive(policy.reserved_space),
            max_used_space: positive(policy.max_used_space),
            min_free_space: positive(policy.min_free_space),
        }
    }
}

fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl CallError {
    pub(crate) fn new(address: &Address, status: &Status) -> Self {
        let address = address.clone();
        if let Some(source) = loss(status) {
            return Self::Lost { address, source };
        }
        Self::Refused {
            address,
            code: status.code(),
            message: status.message().into(),
        }
    }
}

/// The reason why the connection broke, if it did: then the status was made on this side and has a source, while a
/// status that a daemon sent has none. The layers in between only say that something below them failed.
pub(crate) fn loss(status: &Status) -> Option<Box<dyn Error + Send + Sync>> {
    let mut innermost = status.source()?;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    Some(innermost.to_string().into())
}

impl DaemonInfo {
    pub(crate) fn from_proto(version: BuildkitVersion) -> Self {
        Self {
            package: version.package,
            version: version.version,
            revision: version.revision,
        }
    }
}

impl Worker {
    fn from_proto(record: WorkerRecord) -> Self {
        Self {
            id: record.id,
            labels: record.labels.into_iter().collect(),
            platforms: record
                .platforms
                .into_iter()
                .map(WorkerPlatform::from_proto)
                .collect(),
            garbage: record
                .gc_policy
                .iter()
                .map(GarbageRule::from_proto)
                .collect(),
        }
    }
}

impl WorkerPlatform {
    fn from_proto(platform: pb::Platform) -> Self {
        Self {
            os: platform.os,
            architecture: platform.architecture,
            variant: platform.variant,
        }
    }
}

impl fmt::Display for WorkerPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

#[cfg(test)]
mod tests {
    use buildkit_proto::moby::buildkit::v1::UsageRecord;

    use super::*;

    #[test]
    fn records_in_use_are_not_reclaimable() {
        let record = |size, in_use| UsageRecord {
            size,
            in_use,
            ..UsageRecord::default()
        };
        let answer = DiskUsageResponse {
            record: vec![record(5, true), record(7, false), record(-1, false)],
        };
        let expected = DiskUsage {
            records: 3,
            total: 12,
            reclaimable: 7,
        };
        assert_eq!(DiskUsage::from_proto(&answer), expected);
    }
}
