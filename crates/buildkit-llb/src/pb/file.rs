//! The messages of a file op.

use serde::Serialize;

use super::json;

/// Changes to files.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileOp {
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) actions: Vec<FileAction>,
}

/// One change.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileAction {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
    #[prost(int64, tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) secondary_input: i64,
    #[prost(int64, tag = "3")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) output: i64,
    #[prost(oneof = "file_action::Action", tags = "4, 5, 6, 7, 8")]
    #[serde(flatten)]
    pub(crate) action: Option<file_action::Action>,
}

/// The members of `FileAction.action`.
pub(crate) mod file_action {
    use serde::Serialize;

    use super::{Copy, MkDir, MkFile, Rm, Symlink};

    /// The change.
    #[derive(Clone, PartialEq, prost::Oneof, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) enum Action {
        #[prost(message, tag = "4")]
        Copy(Copy),
        #[prost(message, tag = "5")]
        Mkfile(MkFile),
        #[prost(message, tag = "6")]
        Mkdir(MkDir),
        #[prost(message, tag = "7")]
        Rm(Rm),
        #[prost(message, tag = "8")]
        Symlink(Symlink),
    }
}

/// `FileActionCopy`.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Copy {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) src: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) dest: String,
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) owner: Option<ChownOpt>,
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mode: i32,
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) follow_symlink: bool,
    #[prost(bool, tag = "6")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) dir_copy_contents: bool,
    #[prost(bool, tag = "7")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) attempt_unpack_docker_compatibility: bool,
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) create_dest_path: bool,
    #[prost(bool, tag = "9")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) allow_wildcard: bool,
    #[prost(bool, tag = "10")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) allow_empty_wildcard: bool,
    #[prost(int64, tag = "11")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) timestamp: i64,
    #[prost(string, repeated, tag = "12")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) include_patterns: Vec<String>,
    #[prost(string, repeated, tag = "13")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) exclude_patterns: Vec<String>,
    #[prost(bool, tag = "14")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) always_replace_existing_dest_paths: bool,
    #[prost(string, tag = "15")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mode_str: String,
    #[prost(string, repeated, tag = "16")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) required_paths: Vec<String>,
}

/// `FileActionMkFile`.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MkFile {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) path: String,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mode: i32,
    #[prost(bytes = "vec", tag = "3")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::bytes"
    )]
    pub(crate) data: Vec<u8>,
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) owner: Option<ChownOpt>,
    #[prost(int64, tag = "5")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) timestamp: i64,
}

/// `FileActionMkDir`.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MkDir {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) path: String,
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mode: i32,
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) make_parents: bool,
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) owner: Option<ChownOpt>,
    #[prost(int64, tag = "5")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) timestamp: i64,
}

/// `FileActionSymlink`.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Symlink {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) oldpath: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) newpath: String,
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) owner: Option<ChownOpt>,
    #[prost(int64, tag = "4")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) timestamp: i64,
}

/// `FileActionRm`.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rm {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) path: String,
    #[prost(bool, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) allow_not_found: bool,
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) allow_wildcard: bool,
}

/// An owner.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChownOpt {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) user: Option<UserOpt>,
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) group: Option<UserOpt>,
}

/// A user or a group.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserOpt {
    #[prost(oneof = "user_opt::User", tags = "1, 2")]
    #[serde(flatten)]
    pub(crate) user: Option<user_opt::User>,
}

/// The members of `UserOpt.user`.
pub(crate) mod user_opt {
    use serde::Serialize;

    use super::NamedUserOpt;

    /// A user or a group, by name or by number.
    #[derive(Clone, PartialEq, prost::Oneof, Serialize)]
    pub(crate) enum User {
        #[prost(message, tag = "1")]
        #[serde(rename = "byName")]
        ByName(NamedUserOpt),
        #[prost(uint32, tag = "2")]
        #[serde(rename = "byID")]
        ById(u32),
    }
}

/// A name, and the input to look it up in.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedUserOpt {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) name: String,
    #[prost(int64, tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
}
