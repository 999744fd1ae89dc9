//! The config of a base image in the lock: all values that an image made from it must repeat.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::image_config::{HealthConfig, ImageConfig};

/// The config of a base image for one platform, as its registry has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BaseConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    workdir: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entrypoint: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cmd: Vec<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    exposed_ports: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    volumes: BTreeSet<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    stop_signal: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diff_ids: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<HealthConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<HistoryEntry>,
}

/// The history of one layer of a base image, or of a change of its config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryEntry {
    /// The time, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The command.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// The author.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// A remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether it has no layer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// An image config that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the image config is not the JSON of an OCI image")]
pub struct BaseConfigError {
    /// The error of the parser.
    #[source]
    pub source: serde_json::Error,
}

/// The JSON of an image config, with the keys of the OCI image specification and of Docker.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OciImage {
    created: Option<String>,
    config: Option<OciConfig>,
    rootfs: OciRootfs,
    history: Option<Vec<HistoryJson>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OciRootfs {
    diff_ids: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct OciConfig {
    env: Option<Vec<String>>,
    working_dir: Option<String>,
    user: Option<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    volumes: Option<BTreeMap<String, serde_json::Value>>,
    stop_signal: Option<String>,
    healthcheck: Option<HealthcheckJson>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HealthcheckJson {
    test: Option<Vec<String>>,
    interval: i64,
    timeout: i64,
    start_period: i64,
    start_interval: i64,
    retries: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HistoryJson {
    created: Option<String>,
    created_by: String,
    author: String,
    comment: String,
    empty_layer: bool,
}

impl BaseConfig {
    /// Reads the JSON of an image config.
    pub fn from_json(json: &[u8]) -> Result<Self, BaseConfigError> {
        let image: OciImage =
            serde_json::from_slice(json).map_err(|source| BaseConfigError { source })?;
        let config = image.config.unwrap_or_default();
        let keys = |map: Option<BTreeMap<String, _>>| map.unwrap_or_default().into_keys().collect();
        Ok(Self {
            created: image.created,
            env: config.env.unwrap_or_default(),
            workdir: config.working_dir.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            entrypoint: config.entrypoint.unwrap_or_default(),
            cmd: config.cmd.unwrap_or_default(),
            exposed_ports: keys(config.exposed_ports),
            volumes: keys(config.volumes),
            stop_signal: config.stop_signal.unwrap_or_default(),
            diff_ids: image.rootfs.diff_ids.unwrap_or_default(),
            labels: config.labels.unwrap_or_default(),
            healthcheck: config.healthcheck.map(healthcheck),
            history: image
                .history
                .unwrap_or_default()
                .into_iter()
                .map(history_entry)
                .collect(),
        })
    }

    /// The config of an image that starts from this one.
    pub fn image_config(&self) -> ImageConfig {
        let mut config = ImageConfig {
            workdir: some(&self.workdir),
            user: some(&self.user),
            entrypoint: self.entrypoint.clone(),
            cmd: self.cmd.clone(),
            labels: self.labels.clone(),
            exposed_ports: self.exposed_ports.clone(),
            volumes: self.volumes.clone(),
            stop_signal: some(&self.stop_signal),
            healthcheck: self.healthcheck.clone(),
            ..ImageConfig::default()
        };
        for variable in &self.env {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            if !name.is_empty() {
                config.set_env(name, value);
            }
        }
        config
    }

    /// The digests of its layers' tars, lowest first.
    pub fn diff_ids(&self) -> &[String] {
        &self.diff_ids
    }

    /// Its history, oldest first.
    pub fn history(&self) -> &[HistoryEntry] {
        &self.history
    }

    /// The time at which it was made, in RFC 3339.
    pub fn created(&self) -> Option<&str> {
        self.created.as_deref()
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn healthcheck(json: HealthcheckJson) -> HealthConfig {
    HealthConfig {
        test: json.test.unwrap_or_default(),
        interval: json.interval,
        timeout: json.timeout,
        start_period: json.start_period,
        start_interval: json.start_interval,
        retries: json.retries,
    }
}

fn history_entry(json: HistoryJson) -> HistoryEntry {
    HistoryEntry {
        created: json.created,
        created_by: json.created_by,
        author: json.author,
        comment: json.comment,
        empty_layer: json.empty_layer,
    }
}
