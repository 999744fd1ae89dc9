//! What of an image's config a state inherits.

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
    /// What is wrong with it.
    #[source]
    pub source: serde_json::Error,
}

/// The fields of the JSON that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OciImage {
    architecture: String,
    os: String,
    variant: String,
    #[serde(rename = "os.version")]
    os_version: String,
    #[serde(rename = "os.features")]
    os_features: Option<Vec<String>>,
    config: OciConfig,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct OciConfig {
    env: Option<Vec<String>>,
    working_dir: String,
}

impl ImageConfig {
    /// Reads the JSON of an OCI image config.
    pub fn from_json(json: &[u8]) -> Result<Self, ImageConfigError> {
        let image: OciImage =
            serde_json::from_slice(json).map_err(|source| ImageConfigError { source })?;
        let has_platform = !image.os.is_empty() && !image.architecture.is_empty();
        let platform = has_platform.then(|| {
            Platform::new(image.os, image.architecture)
                .with_variant(image.variant)
                .with_os_version(image.os_version)
                .with_os_features(image.os_features.unwrap_or_default())
        });
        Ok(Self {
            env: image.config.env.unwrap_or_default(),
            working_dir: image.config.working_dir,
            platform,
        })
    }
}
