//! From the daemon's messages to [`Progress`]. Bytes that are not UTF-8 are replaced.

use std::time::SystemTime;

use buildkit_proto::google::protobuf::Timestamp;
use buildkit_proto::pb;

use super::wire::{self, StatusResponse};
use super::{
    Progress, ProgressGroup, SourceInfo, SourcePosition, SourceRange, Vertex, VertexDigest,
    VertexLog, VertexStatus, VertexWarning,
};

impl Progress {
    pub(crate) fn from_proto(response: StatusResponse) -> Self {
        Self {
            vertexes: response.vertexes.into_iter().map(vertex).collect(),
            statuses: response.statuses.iter().map(status).collect(),
            logs: response.logs.into_iter().map(log).collect(),
            warnings: response.warnings.into_iter().map(warning).collect(),
        }
    }
}

fn vertex(vertex: wire::Vertex) -> Vertex {
    Vertex {
        digest: digest(&vertex.digest),
        inputs: vertex.inputs.iter().map(|input| digest(input)).collect(),
        name: text(&vertex.name),
        started: vertex.started.map(time),
        completed: vertex.completed.map(time),
        cached: vertex.cached,
        error: text(&vertex.error),
        progress_group: vertex.progress_group.map(|group| ProgressGroup {
            id: text(&group.id),
            name: text(&group.name),
            weak: group.weak,
        }),
    }
}

fn status(status: &wire::VertexStatus) -> VertexStatus {
    VertexStatus {
        id: text(&status.id),
        vertex: digest(&status.vertex),
        name: text(&status.name),
        total: status.total,
        current: status.current,
        timestamp: time(status.timestamp.unwrap_or_default()),
        started: status.started.map(time),
        completed: status.completed.map(time),
    }
}

fn log(log: wire::VertexLog) -> VertexLog {
    VertexLog {
        vertex: digest(&log.vertex),
        stream: log.stream,
        data: log.msg,
        timestamp: time(log.timestamp.unwrap_or_default()),
    }
}

fn warning(warning: wire::VertexWarning) -> VertexWarning {
    VertexWarning {
        vertex: digest(&warning.vertex),
        level: warning.level,
        short: warning.short,
        detail: warning.detail,
        url: text(&warning.url),
        source_info: warning.info.map(|info| SourceInfo {
            filename: text(&info.filename),
            data: info.data,
            language: text(&info.language),
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn digest(bytes: &[u8]) -> VertexDigest {
    text(bytes).into()
}

/// A time out of range is read as 1970: a daemon's clock may be anything.
fn time(timestamp: Timestamp) -> SystemTime {
    let known = jiff::Timestamp::new(timestamp.seconds, timestamp.nanos);
    known.map_or(SystemTime::UNIX_EPOCH, SystemTime::from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prost::Message as _;

    use super::*;

    #[test]
    fn what_is_not_utf8_is_replaced() {
        let vertex = wire::Vertex {
            name: b"copy a\xffb".into(),
            ..wire::Vertex::default()
        };
        let response = StatusResponse {
            vertexes: vec![vertex],
            ..StatusResponse::default()
        };
        let decoded = StatusResponse::decode(response.encode_to_vec().as_slice()).unwrap();
        assert_eq!(
            Progress::from_proto(decoded).vertexes[0].name,
            "copy a\u{fffd}b"
        );
    }

    #[test]
    fn absurd_times_are_1970() {
        let at = |seconds, nanos| time(Timestamp { seconds, nanos });
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(at(1, 5), second + Duration::from_nanos(5));
        assert_eq!(at(-1, 0), SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        for (seconds, nanos) in [
            (i64::MAX, 0),
            (i64::MIN, 0),
            (1, i32::MAX),
            (i64::from(u32::MAX) * 100, 0),
        ] {
            assert_eq!(at(seconds, nanos), SystemTime::UNIX_EPOCH);
        }
    }
}
