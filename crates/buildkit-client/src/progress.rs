//! The progress of a build, as types, and as the JSON lines of `buildctl --progress=rawjson`.

mod convert;
mod json;
pub(crate) mod wire;

use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

/// One batch of news about a running build.
///
/// Mirrors `SolveStatus` in BuildKit's `client/graph.go`; [`to_json_line`](Self::to_json_line) gives its JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Steps that appeared, started, ended or were found in the cache. One step comes several times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vertexes: Vec<Vertex>,
    /// Activities inside steps: layers pulled, bytes sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<VertexStatus>,
    /// The output of processes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<VertexLog>,
    /// Warnings of frontends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<VertexWarning>,
}

/// The digest that names a step, as `sha256:…`: in the graph, in progress, and in errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct VertexDigest(String);

/// A step of the graph.
///
/// A step that has `started` and `completed` and is not `cached` was executed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Vertex {
    /// The step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub digest: VertexDigest,
    /// The steps that it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<VertexDigest>,
    /// Its title: the custom name, or the operation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The time of its start; `None` while it waits.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub started: Option<SystemTime>,
    /// The time of its end; `None` while it runs.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub completed: Option<SystemTime>,
    /// Whether its result was in the cache.
    #[serde(skip_serializing_if = "json::is_false")]
    pub cached: bool,
    /// The error, if it failed; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The group under which it is shown.
    #[serde(rename = "progressGroup", skip_serializing_if = "Option::is_none")]
    pub progress_group: Option<ProgressGroup>,
}

/// A group of steps that are shown as one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProgressGroup {
    /// The id, which all members have.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether a step alone in its group is shown as itself.
    #[serde(skip_serializing_if = "json::is_false")]
    pub weak: bool,
}

/// An activity inside a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VertexStatus {
    /// The name of the activity within the step, such as `extracting sha256:…`.
    pub id: String,
    /// The step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub vertex: VertexDigest,
    /// The activity's title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The total, in bytes; 0 if unknown.
    #[serde(skip_serializing_if = "json::is_zero")]
    pub total: i64,
    /// The part that is done, in bytes.
    pub current: i64,
    /// The time of this state.
    #[serde(serialize_with = "json::time")]
    pub timestamp: SystemTime,
    /// The time of the start.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub started: Option<SystemTime>,
    /// The time of the end; `None` while it goes on.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub completed: Option<SystemTime>,
}

/// A piece of a process's output. Pieces end anywhere, not only at line ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VertexLog {
    /// The step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub vertex: VertexDigest,
    /// 1 is stdout, 2 is stderr.
    #[serde(skip_serializing_if = "json::is_zero")]
    pub stream: i64,
    /// The bytes, in whatever encoding the process writes.
    #[serde(serialize_with = "json::bytes")]
    pub data: Vec<u8>,
    /// The time of writing.
    #[serde(serialize_with = "json::time")]
    pub timestamp: SystemTime,
}

/// A warning of a frontend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VertexWarning {
    /// The step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub vertex: VertexDigest,
    /// 0 for the plain ones.
    #[serde(skip_serializing_if = "json::is_zero")]
    pub level: i64,
    /// The warning in one line.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::bytes")]
    pub short: Vec<u8>,
    /// More lines.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "json::byte_list"
    )]
    pub detail: Vec<Vec<u8>>,
    /// An address with more about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The file that it is about.
    #[serde(rename = "sourceInfo", skip_serializing_if = "Option::is_none")]
    pub source_info: Option<SourceInfo>,
    /// The places in that file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub range: Vec<SourceRange>,
}

/// A file that a graph was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceInfo {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filename: String,
    /// Its content.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::bytes")]
    pub data: Vec<u8>,
    /// Its language, as `Dockerfile`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub language: String,
}

/// A range of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SourceRange {
    /// Its first position.
    pub start: SourcePosition,
    /// Its last position.
    pub end: SourcePosition,
}

/// A position in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SourcePosition {
    /// The line, from 1.
    #[serde(skip_serializing_if = "json::is_zero32")]
    pub line: i32,
    /// The character in the line, from 0.
    #[serde(skip_serializing_if = "json::is_zero32")]
    pub character: i32,
}

impl VertexDigest {
    /// The digest as text, `sha256:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for VertexDigest {
    fn from(digest: String) -> Self {
        Self(digest)
    }
}

impl fmt::Display for VertexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
