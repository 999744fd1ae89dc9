//! From the daemon's messages to [`Progress`].

use std::time::{Duration, SystemTime};

use buildkit_proto::google::protobuf::Timestamp;
use buildkit_proto::moby::buildkit::v1 as control;
use buildkit_proto::pb;

use super::{
    Progress, ProgressGroup, SourceInfo, SourcePosition, SourceRange, Vertex, VertexLog,
    VertexStatus, VertexWarning,
};

impl Progress {
    pub(crate) fn from_proto(response: control::StatusResponse) -> Self {
        Self {
            vertexes: response.vertexes.into_iter().map(vertex).collect(),
            statuses: response.statuses.into_iter().map(status).collect(),
            logs: response.logs.into_iter().map(log).collect(),
            warnings: response.warnings.into_iter().map(warning).collect(),
        }
    }
}

fn vertex(vertex: control::Vertex) -> Vertex {
    Vertex {
        digest: vertex.digest.into(),
        inputs: vertex.inputs.into_iter().map(Into::into).collect(),
        name: vertex.name,
        started: vertex.started.map(time),
        completed: vertex.completed.map(time),
        cached: vertex.cached,
        error: vertex.error,
        progress_group: vertex.progress_group.map(|group| ProgressGroup {
            id: group.id,
            name: group.name,
            weak: group.weak,
        }),
    }
}

fn status(status: control::VertexStatus) -> VertexStatus {
    VertexStatus {
        id: status.id,
        vertex: status.vertex.into(),
        name: status.name,
        total: status.total,
        current: status.current,
        timestamp: time(status.timestamp.unwrap_or_default()),
        started: status.started.map(time),
        completed: status.completed.map(time),
    }
}

fn log(log: control::VertexLog) -> VertexLog {
    VertexLog {
        vertex: log.vertex.into(),
        stream: log.stream,
        data: log.msg,
        timestamp: time(log.timestamp.unwrap_or_default()),
    }
}

fn warning(warning: control::VertexWarning) -> VertexWarning {
    VertexWarning {
        vertex: warning.vertex.into(),
        level: warning.level,
        short: warning.short,
        detail: warning.detail,
        url: warning.url,
        source_info: warning.info.map(|info| SourceInfo {
            filename: info.filename,
            data: info.data,
            language: info.language,
        }),
        range: warning.ranges.into_iter().map(range).collect(),
    }
}

fn range(range: pb::Range) -> SourceRange {
    SourceRange {
        start: position(range.start),
        end: position(range.end),
    }
}

fn position(position: Option<pb::Position>) -> SourcePosition {
    let position = position.unwrap_or_default();
    SourcePosition {
        line: position.line,
        character: position.character,
    }
}

/// A time before 1970 or beyond what the system can express is read as 1970: a daemon's clock may be anything.
fn time(timestamp: Timestamp) -> SystemTime {
    let seconds = u64::try_from(timestamp.seconds).unwrap_or(0);
    let nanos = u32::try_from(timestamp.nanos).unwrap_or(0);
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .and_then(|time| time.checked_add(Duration::from_nanos(nanos.into())))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
