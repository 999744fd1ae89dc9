//! A connected daemon: who it is, and what it can build.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use buildkit_proto::moby::buildkit::v1::types::{BuildkitVersion, WorkerRecord};
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

/// Who the daemon says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonInfo {
    /// The Go package, `github.com/moby/buildkit`.
    pub package: String,
    /// The release, as `v0.32.2`.
    pub version: String,
    /// The commit.
    pub revision: String,
}

/// One worker of the daemon: what runs the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The worker's id.
    pub id: String,
    /// Its labels, as `org.mobyproject.buildkit.worker.executor`.
    pub labels: BTreeMap<String, String>,
    /// What it can run, its own platform first, emulated ones after it.
    pub platforms: Vec<WorkerPlatform>,
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
        /// What the innermost layer says, as `connection reset by peer`.
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
        /// The daemon's words.
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

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Who it said it was when the connection was opened.
    pub fn info(&self) -> &DaemonInfo {
        &self.info
    }

    /// Its workers. The first one runs the steps.
    pub async fn list_workers(&self) -> Result<Vec<Worker>, CallError> {
        let answer = rpc::list_workers(&self.channel)
            .await
            .map_err(|status| CallError::new(&self.address, &status))?;
        Ok(answer.record.into_iter().map(Worker::from_proto).collect())
    }
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

/// Why the connection broke, if it did: such a status was made on this side and has a source, which one that a daemon
/// sent has not. The layers in between only say that something below them failed.
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
