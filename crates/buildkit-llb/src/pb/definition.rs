//! The messages of a definition.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json;

/// Ops, and their metadata.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    #[prost(bytes = "vec", repeated, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::byte_strings"
    )]
    pub(crate) def: Vec<Vec<u8>>,
    #[prost(btree_map = "string, message", tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) metadata: BTreeMap<String, OpMetadata>,
    #[prost(message, optional, tag = "3")]
    #[serde(rename = "Source", skip_serializing_if = "json::is_default")]
    pub(crate) source: Option<Source>,
}

/// The metadata of one op.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpMetadata {
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) ignore_cache: bool,
    #[prost(btree_map = "string, string", tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) description: BTreeMap<String, String>,
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) export_cache: Option<ExportCache>,
    #[prost(btree_map = "string, bool", tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) caps: BTreeMap<String, bool>,
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) progress_group: Option<ProgressGroup>,
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) linux_resources: Option<LinuxResources>,
}

/// Whether a result goes into an exported cache.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportCache {
    #[prost(bool, tag = "1")]
    #[serde(rename = "Value", skip_serializing_if = "json::is_default")]
    pub(crate) value: bool,
}

/// A group of the progress.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProgressGroup {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) name: String,
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) weak: bool,
}

/// Limits of containers.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinuxResources {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) memory: i64,
    #[prost(int64, tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) memory_swap: i64,
    #[prost(uint64, tag = "3")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) cpu_shares: u64,
    #[prost(uint64, tag = "4")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) cpu_period: u64,
    #[prost(int64, tag = "5")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) cpu_quota: i64,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) cpuset_cpus: String,
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) cpuset_mems: String,
}

/// The places in source files that ops come from.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Source {
    #[prost(btree_map = "string, message", tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) locations: BTreeMap<String, Locations>,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) infos: Vec<SourceInfo>,
}

/// The places that one op comes from.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Locations {
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) locations: Vec<Location>,
}

/// A source file.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceInfo {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) filename: String,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::bytes"
    )]
    pub(crate) data: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) definition: Option<Definition>,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) language: String,
}

/// Ranges of a source file.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Location {
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) source_index: i32,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) ranges: Vec<Range>,
}

/// A range of a source file.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Range {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) start: Option<Position>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) end: Option<Position>,
}

/// A place in a source file.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) line: i32,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) character: i32,
}
