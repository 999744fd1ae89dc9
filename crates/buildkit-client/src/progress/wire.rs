//! The daemon's messages about a running build.
//!
//! Fields: BuildKit's `api/services/control/control.proto` and `solver/pb/ops.proto`. Names, titles and errors come
//! from Go, which does not insist on UTF-8; the generated types do, and would end the stream. So strings are bytes
//! here.

use buildkit_proto::google::protobuf::Timestamp;
use buildkit_proto::pb::Range;

/// `moby.buildkit.v1.StatusResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StatusResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) vertexes: Vec<Vertex>,
    #[prost(message, repeated, tag = "2")]
    pub(super) statuses: Vec<VertexStatus>,
    #[prost(message, repeated, tag = "3")]
    pub(super) logs: Vec<VertexLog>,
    #[prost(message, repeated, tag = "4")]
    pub(super) warnings: Vec<VertexWarning>,
}

/// `moby.buildkit.v1.Vertex`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Vertex {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) digest: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub(super) inputs: Vec<Vec<u8>>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) name: Vec<u8>,
    #[prost(bool, tag = "4")]
    pub(super) cached: bool,
    #[prost(message, optional, tag = "5")]
    pub(super) started: Option<Timestamp>,
    #[prost(message, optional, tag = "6")]
    pub(super) completed: Option<Timestamp>,
    #[prost(bytes = "vec", tag = "7")]
    pub(super) error: Vec<u8>,
    #[prost(message, optional, tag = "8")]
    pub(super) progress_group: Option<ProgressGroup>,
}

/// `pb.ProgressGroup`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ProgressGroup {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) name: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub(super) weak: bool,
}

/// `moby.buildkit.v1.VertexStatus`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexStatus {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) vertex: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) name: Vec<u8>,
    #[prost(int64, tag = "4")]
    pub(super) current: i64,
    #[prost(int64, tag = "5")]
    pub(super) total: i64,
    #[prost(message, optional, tag = "6")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "7")]
    pub(super) started: Option<Timestamp>,
    #[prost(message, optional, tag = "8")]
    pub(super) completed: Option<Timestamp>,
}

/// `moby.buildkit.v1.VertexLog`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexLog {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) vertex: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(int64, tag = "3")]
    pub(super) stream: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) msg: Vec<u8>,
}

/// `moby.buildkit.v1.VertexWarning`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexWarning {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) vertex: Vec<u8>,
    #[prost(int64, tag = "2")]
    pub(super) level: i64,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) short: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub(super) detail: Vec<Vec<u8>>,
    #[prost(bytes = "vec", tag = "5")]
    pub(super) url: Vec<u8>,
    #[prost(message, optional, tag = "6")]
    pub(super) info: Option<SourceInfo>,
    #[prost(message, repeated, tag = "7")]
    pub(super) ranges: Vec<Range>,
}

/// `pb.SourceInfo`, without its definition.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SourceInfo {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) filename: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) data: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) language: Vec<u8>,
}
