//! The parts of an image's config that a state inherits.

use serde::Deserialize;

use crate::platform::Platform;

/// The parts of an OCI image config that a state continues from: environment, directory and platform. Its user,
/// entrypoint and command are not applied, as in BuildKit's client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// Variables as `NAME=VALUE`; one without `=` has the empty value.
    pub env: Vec<String>,
    /// The working directory; empty keeps the state's.
    pub working_dir: String,
    /// The platform, if the config names an operating system and an architecture.
    pub platform: Option<Platform>,
}

/// An image config that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the image config is not the JSON of an OCI image")]
pub struct ImageConfigError {
    /// The problem.
    #[source]
    pub source: serde_json::Error,
}

/// The fields of the JSON that are read. `null` stands for a missing field, as in Go.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OciImage {
    architecture: Option<String>,
    os: Option<String>,
    variant: Option<String>,
    #[serde(rename = "os.version")]
    os_version: Option<String>,
    #[serde(rename = "os.features")]
    os_features: Option<Vec<Option<String>>>,
    config: Option<OciConfig>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct OciConfig {
    env: Option<Vec<Option<String>>>,
    working_dir: Option<String>,
}

impl ImageConfig {
    /// Reads the JSON of an OCI image config.
    pub fn from_json(json: &[u8]) -> Result<Self, ImageConfigError> {
        let image: Option<OciImage> =
            serde_json::from_slice(json).map_err(|source| ImageConfigError { source })?;
        let image = image.unwrap_or_default();
        let config = image.config.unwrap_or_default();
        let platform = match (given(image.os), given(image.architecture)) {
            (Some(os), Some(architecture)) => Some(
                Platform::new(os, architecture)
                    .with_variant(image.variant.unwrap_or_default())
                    .with_os_version(image.os_version.unwrap_or_default())
                    .with_os_features(texts(image.os_features)),
            ),
            _ => None,
        };
        Ok(Self {
            env: texts(config.env),
            working_dir: config.working_dir.unwrap_or_default(),
            platform,
        })
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The texts of a list; one that is `null` is empty.
fn texts(list: Option<Vec<Option<String>>>) -> Vec<String> {
    let list = list.unwrap_or_default().into_iter();
    list.map(Option::unwrap_or_default).collect()
}
