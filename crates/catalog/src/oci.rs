//! The config of an image, as the OCI image specification has it (`config.md`).
//!
//! BuildKit fills in missing values from its own records, which differ from daemon to daemon. So the config has every
//! value: the base's layers and whole history, one entry for each layer of ours, and times from the lock.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Definition, Platform};
use serde::Serialize;

use crate::{
    image_config::{HealthConfig, ImageConfig},
    lock::{BaseConfig, Epoch},
    vertex_name::{VertexName, VertexTitle},
};

/// The time of an image, if neither the lock nor the base has one.
const BEGINNING: &str = "1970-01-01T00:00:00Z";

/// The configs that go with a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciConfigs {
    /// The JSON of the image's config.
    pub image: String,
    /// The JSON of the config of its base, which has the layers that are not ours.
    pub base: Option<String>,
}

#[derive(Serialize)]
struct Image<'a> {
    created: &'a str,
    architecture: &'a str,
    os: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    variant: &'a str,
    config: Config<'a>,
    rootfs: RootFs<'a>,
    history: Vec<History<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Config<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<&'a str, serde_json::Map<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    entrypoint: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cmd: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<Check<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    volumes: BTreeMap<&'a str, serde_json::Map<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_dir: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_signal: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Check<'a> {
    test: &'a [String],
    #[serde(skip_serializing_if = "is_zero")]
    interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    timeout: i64,
    #[serde(skip_serializing_if = "is_zero")]
    start_period: i64,
    #[serde(skip_serializing_if = "is_zero")]
    start_interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    retries: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct RootFs<'a> {
    r#type: &'static str,
    diff_ids: &'a [String],
}

#[derive(Clone, Serialize)]
struct History<'a> {
    created: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    created_by: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    author: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    comment: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    empty_layer: bool,
}

impl<'a> History<'a> {
    /// The entry of a layer with a known time and nothing else.
    fn of_layer(created: &'a str) -> Self {
        Self {
            created,
            created_by: "",
            author: "",
            comment: "",
            empty_layer: false,
        }
    }
}

/// The configs of an image for a platform, from its config, its base, its steps and its time.
pub(crate) fn configs(
    config: &ImageConfig,
    base: Option<&BaseConfig>,
    definition: &Definition,
    platform: &Platform,
    epoch: Option<Epoch>,
) -> OciConfigs {
    let epoch = epoch.map(|epoch| epoch.to_string());
    let created = epoch
        .as_deref()
        .or_else(|| base?.created())
        .unwrap_or(BEGINNING);
    let steps = steps(definition);
    let ours = steps.iter().map(|title| History {
        created,
        created_by: title,
        author: "",
        comment: "llbgen",
        empty_layer: false,
    });
    let of_base = base_history(base);
    let image = Image {
        created,
        architecture: platform.architecture(),
        os: platform.os(),
        variant: platform.variant(),
        config: run_with(config),
        rootfs: rootfs(base),
        history: of_base.into_iter().chain(ours).collect(),
    };
    let base = base.map(|base| Image {
        created: base.created().unwrap_or(BEGINNING),
        architecture: platform.architecture(),
        os: platform.os(),
        variant: platform.variant(),
        config: Config::default(),
        rootfs: rootfs(Some(base)),
        history: base_history(Some(base)),
    });
    OciConfigs {
        image: json(&image),
        base: base.as_ref().map(json),
    }
}

/// The config of a result that is no image. It names the platform.
pub(crate) fn of_files(platform: &Platform) -> OciConfigs {
    let image = Image {
        created: BEGINNING,
        architecture: platform.architecture(),
        os: platform.os(),
        variant: platform.variant(),
        config: Config::default(),
        rootfs: rootfs(None),
        history: Vec::new(),
    };
    OciConfigs {
        image: json(&image),
        base: None,
    }
}

fn json(image: &Image<'_>) -> String {
    serde_json::to_string(image).expect("a config is text and numbers")
}

fn rootfs(base: Option<&BaseConfig>) -> RootFs<'_> {
    RootFs {
        r#type: "layers",
        diff_ids: base.map(BaseConfig::diff_ids).unwrap_or_default(),
    }
}

/// The history of the base, with exactly one entry for each of its layers.
///
/// Builders other than Docker's write fewer entries or none, and the daemon would take ours for the missing ones. If
/// there are more entries than layers, the last ones are marked as entries without a layer: both are counted from the
/// bottom.
fn base_history(base: Option<&BaseConfig>) -> Vec<History<'_>> {
    let Some(base) = base else { return Vec::new() };
    let created = base.created().unwrap_or(BEGINNING);
    let mut without_entry = base.diff_ids().len();
    let mut history: Vec<_> = base
        .history()
        .iter()
        .map(|entry| {
            let empty_layer = entry.empty_layer || without_entry == 0;
            if !empty_layer {
                without_entry -= 1;
            }
            History {
                created: entry.created.as_deref().unwrap_or(created),
                created_by: &entry.created_by,
                author: &entry.author,
                comment: &entry.comment,
                empty_layer,
            }
        })
        .collect();
    history.extend(std::iter::repeat_n(
        History::of_layer(created),
        without_entry,
    ));
    history
}

fn run_with(config: &ImageConfig) -> Config<'_> {
    Config {
        user: config.user.as_deref(),
        exposed_ports: empty(&config.exposed_ports),
        env: config
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
        entrypoint: &config.entrypoint,
        cmd: &config.cmd,
        healthcheck: config.healthcheck.as_ref().map(check),
        volumes: empty(&config.volumes),
        working_dir: config.workdir.as_deref(),
        labels: config
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        stop_signal: config.stop_signal.as_deref(),
    }
}

/// A set in its JSON form: an empty object for each member.
fn empty(names: &BTreeSet<String>) -> BTreeMap<&str, serde_json::Map<String, serde_json::Value>> {
    names
        .iter()
        .map(|name| (name.as_str(), serde_json::Map::new()))
        .collect()
}

fn check(check: &HealthConfig) -> Check<'_> {
    Check {
        test: &check.test,
        interval: check.interval,
        timeout: check.timeout,
        start_period: check.start_period,
        start_interval: check.start_interval,
        retries: check.retries,
    }
}

/// The titles of the vertices that make the layers of the result, lowest first: one layer each.
fn steps(definition: &Definition) -> Vec<String> {
    let entries = definition.entries();
    let head = entries
        .last()
        .and_then(|terminal| terminal.inputs().first())
        .map(buildkit_llb::Edge::vertex);
    let below = |vertex: &usize| {
        let entry = &entries[*vertex];
        let edge = entry.inputs().get(entry.primary_input()?)?;
        Some(edge.vertex())
    };
    let mut titles: Vec<String> = std::iter::successors(head, below)
        .map(|vertex| &entries[vertex])
        .filter(|entry| entry.kind() != buildkit_llb::OpKind::Source)
        .map(|entry| {
            let name = || VertexName::of(entry).map_or("files", |name| name.title);
            VertexTitle::written(entry).unwrap_or_else(name).to_owned()
        })
        .collect();
    titles.reverse();
    titles
}

#[cfg(test)]
mod tests;
