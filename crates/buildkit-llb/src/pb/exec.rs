//! The messages of an exec.

use serde::Serialize;

use super::json;

/// A command in a container.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecOp {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) meta: Option<Meta>,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mounts: Vec<Mount>,
    #[prost(int32, tag = "3")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::net_mode"
    )]
    pub(crate) network: i32,
    #[prost(int32, tag = "4")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::security_mode"
    )]
    pub(crate) security: i32,
    #[prost(message, repeated, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) secretenv: Vec<SecretEnv>,
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) cdi_devices: Vec<CdiDevice>,
}

/// The command and its surroundings.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meta {
    #[prost(string, repeated, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) args: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) env: Vec<String>,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) cwd: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) user: String,
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) proxy_env: Option<ProxyEnv>,
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) extra_hosts: Vec<HostIp>,
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) hostname: String,
    #[prost(message, repeated, tag = "9")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) ulimit: Vec<Ulimit>,
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) cgroup_parent: String,
    #[prost(bool, tag = "11")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) remove_mount_stubs_recursive: bool,
    #[prost(int32, repeated, tag = "12")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) valid_exit_codes: Vec<i32>,
}

/// Proxies.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProxyEnv {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) http_proxy: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) https_proxy: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) ftp_proxy: String,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) no_proxy: String,
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) all_proxy: String,
}

/// A line of `/etc/hosts`.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HostIp {
    #[prost(string, tag = "1")]
    #[serde(rename = "Host", skip_serializing_if = "json::is_default")]
    pub(crate) host: String,
    #[prost(string, tag = "2")]
    #[serde(rename = "IP", skip_serializing_if = "json::is_default")]
    pub(crate) ip: String,
}

/// A limit of processes.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ulimit {
    #[prost(string, tag = "1")]
    #[serde(rename = "Name", skip_serializing_if = "json::is_default")]
    pub(crate) name: String,
    #[prost(int64, tag = "2")]
    #[serde(
        rename = "Soft",
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) soft: i64,
    #[prost(int64, tag = "3")]
    #[serde(
        rename = "Hard",
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) hard: i64,
}

/// A secret as a variable.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretEnv {
    #[prost(string, tag = "1")]
    #[serde(rename = "ID", skip_serializing_if = "json::is_default")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) name: String,
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) optional: bool,
}

/// A device.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CdiDevice {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) name: String,
    #[prost(bool, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) optional: bool,
}

/// A mount.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mount {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) input: i64,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) selector: String,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) dest: String,
    #[prost(int64, tag = "4")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) output: i64,
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) readonly: bool,
    #[prost(int32, tag = "6")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::mount_type"
    )]
    pub(crate) mount_type: i32,
    #[prost(message, optional, tag = "19")]
    #[serde(rename = "TmpfsOpt", skip_serializing_if = "json::is_default")]
    pub(crate) tmpfs_opt: Option<TmpfsOpt>,
    #[prost(message, optional, tag = "20")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) cache_opt: Option<CacheOpt>,
    #[prost(message, optional, tag = "21")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) secret_opt: Option<SecretOpt>,
    #[prost(message, optional, tag = "22")]
    #[serde(rename = "SSHOpt", skip_serializing_if = "json::is_default")]
    pub(crate) ssh_opt: Option<SshOpt>,
    #[prost(string, tag = "23")]
    #[serde(rename = "resultID", skip_serializing_if = "json::is_default")]
    pub(crate) result_id: String,
    #[prost(int32, tag = "24")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::content_cache"
    )]
    pub(crate) content_cache: i32,
}

/// The options of a tmpfs.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TmpfsOpt {
    #[prost(int64, tag = "1")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::long"
    )]
    pub(crate) size: i64,
}

/// The options of a cache.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheOpt {
    #[prost(string, tag = "1")]
    #[serde(rename = "ID", skip_serializing_if = "json::is_default")]
    pub(crate) id: String,
    #[prost(int32, tag = "2")]
    #[serde(
        skip_serializing_if = "json::is_default",
        serialize_with = "json::cache_sharing"
    )]
    pub(crate) sharing: i32,
}

/// The options of a secret.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretOpt {
    #[prost(string, tag = "1")]
    #[serde(rename = "ID", skip_serializing_if = "json::is_default")]
    pub(crate) id: String,
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) uid: u32,
    #[prost(uint32, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) gid: u32,
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mode: u32,
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) optional: bool,
}

/// The options of an ssh agent.
#[derive(Clone, PartialEq, prost::Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SshOpt {
    #[prost(string, tag = "1")]
    #[serde(rename = "ID", skip_serializing_if = "json::is_default")]
    pub(crate) id: String,
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) uid: u32,
    #[prost(uint32, tag = "3")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) gid: u32,
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) mode: u32,
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "json::is_default")]
    pub(crate) optional: bool,
}
