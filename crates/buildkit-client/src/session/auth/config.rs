//! Docker's `config.json`: which credentials belong to which registry.
//!
//! Mirrors `cli/config/configfile` and `cli/config/credentials` of docker/cli, and BuildKit's
//! `session/auth/authprovider/authconfigprovider.go`.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::helper::{self, HelperError};

/// The key under which Docker Hub's credentials are kept.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The hosts that are Docker Hub: the one that daemons ask for, and the ones that people write.
const HUB_HOSTS: [&str; 3] = ["registry-1.docker.io", "docker.io", "index.docker.io"];

/// Credentials for registries. Without any, which is the default, everything is pulled anonymously.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DockerConfig {
    /// The file, for messages.
    path: PathBuf,
    auths: BTreeMap<String, Entry>,
    store: String,
    helpers: BTreeMap<String, String>,
}

/// What a registry wants to see. Its `Debug` shows neither name nor secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user; empty when `secret` is an identity token.
    pub username: String,
    /// The password, or an identity token.
    pub secret: String,
}

/// A `config.json` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DockerConfigError {
    /// The file is there but cannot be read.
    #[error("cannot read Docker configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not the JSON that Docker writes.
    #[error("Docker configuration `{}` is not valid", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
}

/// The credentials for a registry that cannot be had. Those of others do not matter to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The registry's credential helper gave no answer.
    #[error(transparent)]
    Helper(#[from] HelperError),
    /// The registry's `auth` is not base64 of `user:password`.
    #[error("Docker configuration `{}` has an invalid `auth` for `{registry}`", path.display())]
    Auth {
        /// The file.
        path: PathBuf,
        /// The registry.
        registry: String,
    },
}

/// The file, in which Docker takes `null` for whatever is not there.
#[derive(Deserialize, Default)]
struct File {
    #[serde(default)]
    auths: Option<BTreeMap<String, Option<Entry>>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, Option<String>>>,
}

/// What is stored for a registry, read when it is asked for. Its `Debug` shows nothing of it.
#[derive(Deserialize, Clone, Default, PartialEq, Eq)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default, rename = "identitytoken")]
    identity_token: Option<String>,
}

impl DockerConfig {
    /// The user's own: `config.json` in `$DOCKER_CONFIG`, or in `~/.docker`. A file that is not there is an empty one.
    pub fn load() -> Result<Self, DockerConfigError> {
        let dir = env::var_os("DOCKER_CONFIG")
            .filter(|dir| !dir.is_empty())
            .map(PathBuf::from);
        match dir.or_else(|| Some(env::home_dir()?.join(".docker"))) {
            Some(dir) => Self::load_file(&dir.join("config.json")),
            None => Ok(Self::default()),
        }
    }

    /// The given file. A file that is not there is an empty one.
    pub fn load_file(path: &Path) -> Result<Self, DockerConfigError> {
        match fs::read(path) {
            Ok(json) => Self::parse(path, &json),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(DockerConfigError::Read {
                path: path.into(),
                source,
            }),
        }
    }

    fn parse(path: &Path, json: &[u8]) -> Result<Self, DockerConfigError> {
        // Docker takes an empty file for one without anything in it.
        let file: Option<File> = if json.trim_ascii().is_empty() {
            None
        } else {
            serde_json::from_slice(json).map_err(|source| DockerConfigError::Parse {
                path: path.into(),
                source,
            })?
        };
        let file = file.unwrap_or_default();
        let auths = file.auths.unwrap_or_default().into_iter();
        let helpers = file.helpers.unwrap_or_default().into_iter();
        Ok(Self {
            path: path.into(),
            auths: auths
                .map(|(registry, entry)| (registry, entry.unwrap_or_default()))
                .collect(),
            store: file.store.unwrap_or_default(),
            helpers: helpers
                .map(|(registry, helper)| (registry, helper.unwrap_or_default()))
                .collect(),
        })
    }

    /// The credentials for a registry's host; none means anonymous.
    pub async fn credentials(&self, host: &str) -> Result<Option<Credentials>, CredentialsError> {
        let key = if HUB_HOSTS.contains(&host) {
            HUB_KEY
        } else {
            host
        };
        let helper = self.helpers.get(key).unwrap_or(&self.store);
        if !helper.is_empty() {
            return Ok(helper::get(helper, key).await?);
        }
        let Some((registry, entry)) = self.stored(key) else {
            return Ok(None);
        };
        let invalid = || CredentialsError::Auth {
            path: self.path.clone(),
            registry: registry.clone(),
        };
        let credentials = entry.credentials().ok_or_else(invalid)?;
        Ok(Some(credentials).filter(|found| *found != Credentials::default()))
    }

    /// An entry counts when its key is the registry, or, as old files have it, a URL on that host.
    fn stored(&self, key: &str) -> Option<(&String, &Entry)> {
        let exact = self.auths.get_key_value(key);
        exact.or_else(|| self.auths.iter().find(|(url, _)| host_of(url) == key))
    }
}

fn host_of(url: &str) -> &str {
    let bare = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or(url);
    bare.split_once('/').map_or(bare, |(host, _path)| host)
}

impl Entry {
    /// Its credentials, both parts empty if there are none; `None` if `auth` cannot be read.
    fn credentials(&self) -> Option<Credentials> {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let identity_token = text(&self.identity_token);
        if !identity_token.is_empty() {
            return Some(Credentials {
                username: String::new(),
                secret: identity_token,
            });
        }
        let auth = text(&self.auth);
        if auth.is_empty() {
            return Some(Credentials {
                username: text(&self.username),
                secret: text(&self.password),
            });
        }
        let decoded = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Credentials {
            username: username.into(),
            secret: password.trim_matches('\0').into(),
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(redacted)")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

#[cfg(test)]
mod tests;
