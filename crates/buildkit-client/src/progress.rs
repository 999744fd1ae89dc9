//! What a build reports while it runs, typed, and as the JSON lines of `buildctl --progress=rawjson`.

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
    /// What goes on inside steps: layers pulled, bytes sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<VertexStatus>,
    /// What processes wrote.
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
/// It was executed, rather than found in the cache, when it has `started` and `completed` and is not `cached`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Vertex {
    /// Which step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub digest: VertexDigest,
    /// The steps that it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<VertexDigest>,
    /// Its title: the custom name, or the operation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When it started; none while it waits.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub started: Option<SystemTime>,
    /// When it ended; none while it runs.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub completed: Option<SystemTime>,
    /// Whether its result was there already.
    #[serde(skip_serializing_if = "json::is_false")]
    pub cached: bool,
    /// Why it failed; empty when it did not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The group under which it is shown.
    #[serde(rename = "progressGroup", skip_serializing_if = "Option::is_none")]
    pub progress_group: Option<ProgressGroup>,
}

/// A group of steps that are shown as one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProgressGroup {
    /// What its members have in common.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether a step alone in its group is shown as itself.
    #[serde(skip_serializing_if = "json::is_false")]
    pub weak: bool,
}

/// What goes on inside a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VertexStatus {
    /// Names the activity within the step, as `extracting sha256:…`.
    pub id: String,
    /// Which step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub vertex: VertexDigest,
    /// The activity's title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How much there is, in bytes; 0 when unknown.
    #[serde(skip_serializing_if = "json::is_zero")]
    pub total: i64,
    /// How much is done, in bytes.
    pub current: i64,
    /// When this was so.
    #[serde(serialize_with = "json::time")]
    pub timestamp: SystemTime,
    /// When the activity started.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub started: Option<SystemTime>,
    /// When it ended; none while it goes on.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::optional_time"
    )]
    pub completed: Option<SystemTime>,
}

/// A piece of a process's output. Pieces end anywhere, not only at line ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VertexLog {
    /// Which step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub vertex: VertexDigest,
    /// 1 is stdout, 2 is stderr.
    #[serde(skip_serializing_if = "json::is_zero")]
    pub stream: i64,
    /// The bytes, in whatever encoding the process writes.
    #[serde(serialize_with = "json::bytes")]
    pub data: Vec<u8>,
    /// When they were written.
    #[serde(serialize_with = "json::time")]
    pub timestamp: SystemTime,
}

/// A warning of a frontend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VertexWarning {
    /// Which step.
    #[serde(skip_serializing_if = "VertexDigest::is_empty")]
    pub vertex: VertexDigest,
    /// 0 for the plain ones.
    #[serde(skip_serializing_if = "json::is_zero")]
    pub level: i64,
    /// One line.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::bytes")]
    pub short: Vec<u8>,
    /// More lines.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "json::byte_list"
    )]
    pub detail: Vec<Vec<u8>>,
    /// Where to read more.
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
