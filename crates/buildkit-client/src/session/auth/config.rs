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
    auths: BTreeMap<String, Credentials>,
    store: Option<String>,
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
    /// The `auth` of a registry is not base64 of `user:password`.
    #[error("Docker configuration `{}` has an invalid `auth` for `{registry}`", path.display())]
    Auth {
        /// The file.
        path: PathBuf,
        /// The registry.
        registry: String,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default, rename = "identitytoken")]
    identity_token: String,
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
        let file: File =
            serde_json::from_slice(json).map_err(|source| DockerConfigError::Parse {
                path: path.into(),
                source,
            })?;
        let auths = file
            .auths
            .into_iter()
            .map(|(registry, entry)| match entry.credentials() {
                Some(credentials) => Ok((registry, credentials)),
                None => Err(DockerConfigError::Auth {
                    path: path.into(),
                    registry,
                }),
            });
        let store = file.store.filter(|store| !store.is_empty());
        Ok(Self {
            auths: auths.collect::<Result<_, _>>()?,
            store,
            helpers: file.helpers,
        })
    }

    /// The credentials for a registry's host; none means anonymous.
    pub async fn credentials(&self, host: &str) -> Result<Option<Credentials>, HelperError> {
        let key = if HUB_HOSTS.contains(&host) {
            HUB_KEY
        } else {
            host
        };
        match self.helpers.get(key).or(self.store.as_ref()) {
            Some(helper) => helper::get(helper, key).await,
            None => Ok(self.stored(key).cloned()),
        }
    }

    /// An entry counts when its key is the registry, or, as old files have it, a URL on that host.
    fn stored(&self, key: &str) -> Option<&Credentials> {
        self.auths.get(key).or_else(|| {
            self.auths
                .iter()
                .find(|(url, _)| host_of(url) == key)
                .map(|(_, found)| found)
        })
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
    fn credentials(self) -> Option<Credentials> {
        if !self.identity_token.is_empty() {
            return Some(Credentials {
                username: String::new(),
                secret: self.identity_token,
            });
        }
        if self.auth.is_empty() {
            return Some(Credentials {
                username: self.username,
                secret: self.password,
            });
        }
        let decoded = String::from_utf8(STANDARD.decode(&self.auth).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Credentials {
            username: username.into(),
            secret: password.trim_matches('\0').into(),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

#[cfg(test)]
mod tests;
