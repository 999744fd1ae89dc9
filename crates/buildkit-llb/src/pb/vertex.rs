//! The messages of one vertex.

use std::collections::BTreeMap;

use serde::Serialize;

use super::definition::Definition;
use super::json;

/// A vertex: its inputs, its platform, and its operation.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Op {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) inputs: Vec<Input>,
    #[prost(oneof = "op::Op", tags = "2, 3, 4, 5, 6, 7, 8")]
    #[serde(flatten)]
    pub(crate) op: Option<op::Op>,
    #[prost(message, optional, tag = "10")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) platform: Option<Platform>,
    #[prost(message, optional, tag = "11")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) constraints: Option<WorkerConstraints>,
}

/// The members of `Op.op`.
pub(crate) mod op {
    use serde::Serialize;

    use super::super::exec::ExecOp;
    use super::super::file::FileOp;
    use super::{BuildOp, DiffOp, MergeOp, PassthroughOp, SourceOp};

    /// The operation of a vertex.
    #[derive(Clone, PartialEq, prost::Oneof, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) enum Op {
        #[prost(message, tag = "2")]
        Exec(ExecOp),
        #[prost(message, tag = "3")]
        Source(SourceOp),
        #[prost(message, tag = "4")]
        File(FileOp),
        #[prost(message, tag = "5")]
        Build(BuildOp),
        #[prost(message, tag = "6")]
        Merge(MergeOp),
        #[prost(message, tag = "7")]
        Diff(DiffOp),
        #[prost(message, tag = "8")]
        Passthrough(PassthroughOp),
    }
}

/// An output of another vertex.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) digest: String,
    #[prost(int64, tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) index: i64,
}

/// An operating system and architecture.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Platform {
    #[prost(string, tag = "1")]
    #[serde(rename = "Architecture", skip_serializing_if = "json::is_default")]
    pub(crate) architecture: String,
    #[prost(string, tag = "2")]
    #[serde(rename = "OS", skip_serializing_if = "json::is_default")]
    pub(crate) os: String,
    #[prost(string, tag = "3")]
    #[serde(rename = "Variant", skip_serializing_if = "json::is_default")]
    pub(crate) variant: String,
    #[prost(string, tag = "4")]
    #[serde(rename = "OSVersion", skip_serializing_if = "json::is_default")]
    pub(crate) os_version: String,
    #[prost(string, repeated, tag = "5")]
    #[serde(rename = "OSFeatures", skip_serializing_if = "json::is_default")]
    pub(crate) os_features: Vec<String>,
}

/// The workers that may run a vertex.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkerConstraints {
    #[prost(string, repeated, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) filter: Vec<String>,
}

/// Files from elsewhere.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceOp {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) identifier: String,
    #[prost(btree_map = "string, string", tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) attrs: BTreeMap<String, String>,
}

/// A nested build.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BuildOp {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) builder: i64,
    #[prost(btree_map = "string, message", tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) inputs: BTreeMap<String, BuildInput>,
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) def: Option<Definition>,
    #[prost(btree_map = "string, string", tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) attrs: BTreeMap<String, String>,
}

/// An input of a nested build.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BuildInput {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
}

/// Layers laid over each other.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MergeOp {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) inputs: Vec<MergeInput>,
}

/// One of the layers.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MergeInput {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
}

/// The diff from one input to another.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiffOp {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) lower: Option<LowerDiffInput>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) upper: Option<UpperDiffInput>,
}

/// The lower input.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LowerDiffInput {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
}

/// The upper input.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpperDiffInput {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
}

/// Inputs passed on.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PassthroughOp {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) id: String,
    #[prost(int64, repeated, tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::longs"
    )]
    pub(crate) outputs: Vec<i64>,
}
