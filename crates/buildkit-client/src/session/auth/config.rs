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
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::helper::{HelperError, Helpers, program};

/// The key under which Docker Hub's credentials are kept.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The hosts that are Docker Hub: the one that daemons ask for, and the ones that people write.
const HUB_HOSTS: [&str; 3] = ["registry-1.docker.io", "docker.io", "index.docker.io"];

/// Credentials for registries. Without any, which is the default, everything is pulled anonymously.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DockerConfig {
    /// The file, for messages.
    path: PathBuf,
    auths: BTreeMap<String, Unread>,
    store: Unread,
    helpers: BTreeMap<String, Unread>,
    /// The programs that the helpers are.
    programs: Helpers,
}

/// Credentials for one registry. The `Debug` text shows neither name nor secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user; empty when `secret` is an identity token.
    pub username: String,
    /// The password, or an identity token.
    pub secret: String,
}

/// The place of a registry's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginPlace {
    /// There is none: everything is anonymous.
    Nowhere,
    /// The file itself.
    File(PathBuf),
    /// A credential helper, the program `docker-credential-NAME`.
    Helper(String),
}

/// A `config.json` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DockerConfigError {
    /// The file exists, but cannot be read.
    #[error("cannot read Docker configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not the JSON that Docker writes. The parser's own words would quote the file.
    #[error(
        "Docker configuration `{}` is not valid at line {line}, column {column}",
        path.display()
    )]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}

/// An error that leaves one registry without credentials. Other registries are not affected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The registry's credential helper gave no answer.
    #[error(transparent)]
    Helper(#[from] HelperError),
    /// The registry's entry does not have the form that Docker writes.
    #[error(
        "Docker configuration `{}` has an invalid `{field}` for `{registry}`; `docker login {registry}` writes it anew",
        path.display()
    )]
    Entry {
        /// The file.
        path: PathBuf,
        /// The registry.
        registry: String,
        /// The field of the file.
        field: &'static str,
    },
}

/// The file. As in Docker, `null` stands for a missing value.
#[derive(Deserialize, Default)]
struct File {
    #[serde(default)]
    auths: Option<BTreeMap<String, Unread>>,
    #[serde(default, rename = "credsStore")]
    store: Unread,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, Unread>>,
}

/// A part of the file that is read when its registry is asked for, so that an error in it affects that registry alone.
/// The `Debug` text shows nothing of it.
#[derive(Deserialize, Clone, Default, PartialEq, Eq)]
#[serde(transparent)]
struct Unread(Value);

/// The entry of a registry.
#[derive(Deserialize, Default)]
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
    /// The user's own file: `config.json` in `$DOCKER_CONFIG`, or in `~/.docker`. A missing file counts as empty.
    pub fn load() -> Result<Self, DockerConfigError> {
        let dir = env::var_os("DOCKER_CONFIG")
            .filter(|dir| !dir.is_empty())
            .map(PathBuf::from);
        match dir.or_else(|| Some(env::home_dir()?.join(".docker"))) {
            Some(dir) => Self::load_file(&dir.join("config.json")),
            None => Ok(Self::default()),
        }
    }

    /// The given file. A missing file counts as empty.
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

    pub(super) fn parse(path: &Path, json: &[u8]) -> Result<Self, DockerConfigError> {
        // Docker takes an empty file for an empty object.
        let file: Option<File> = if json.trim_ascii().is_empty() {
            None
        } else {
            serde_json::from_slice(json).map_err(|error| DockerConfigError::Parse {
                path: path.into(),
                line: error.line(),
                column: error.column(),
            })?
        };
        let file = file.unwrap_or_default();
        Ok(Self {
            path: path.into(),
            auths: file.auths.unwrap_or_default(),
            store: file.store,
            helpers: file.helpers.unwrap_or_default(),
            programs: Helpers::default(),
        })
    }

    /// The name under which the file has a registry's host.
    pub(super) fn key(host: &str) -> &str {
        if HUB_HOSTS.contains(&host) {
            HUB_KEY
        } else {
            host
        }
    }

    /// Whether there may be credentials for a registry's host. Only asking for them tells for sure.
    pub(super) fn may_have(&self, host: &str) -> bool {
        let key = Self::key(host);
        let has_no_helper = self.helper(key).is_ok_and(|helper| helper.is_empty());
        !has_no_helper || self.stored(key).is_some()
    }

    /// The place where the credentials for a registry's host are looked for. No helper is run.
    ///
    /// # Errors
    /// When the helper's name does not have the form that Docker writes.
    pub fn login_place(&self, host: &str) -> Result<LoginPlace, CredentialsError> {
        let key = Self::key(host);
        let helper = self.helper(key)?;
        if !helper.is_empty() {
            return Ok(LoginPlace::Helper(program(&helper)));
        }
        Ok(match self.stored(key) {
            Some(_) => LoginPlace::File(self.path.clone()),
            None => LoginPlace::Nowhere,
        })
    }

    /// The credentials for a registry's host; none means anonymous.
    pub async fn credentials(&self, host: &str) -> Result<Option<Credentials>, CredentialsError> {
        let key = Self::key(host);
        let helper = self.helper(key)?;
        if !helper.is_empty() {
            return Ok(self.programs.get(&helper, key).await?);
        }
        let Some((registry, entry)) = self.stored(key) else {
            return Ok(None);
        };
        let invalid = |field| self.invalid(registry, field);
        let entry: Entry = entry.read().ok_or_else(|| invalid("auths"))?;
        let credentials = entry.credentials().ok_or_else(|| invalid("auth"))?;
        Ok(Some(credentials).filter(|found| *found != Credentials::default()))
    }

    /// The credential helper for a registry; empty if there is none.
    fn helper(&self, key: &str) -> Result<String, CredentialsError> {
        let (helper, field) = match self.helpers.get(key) {
            Some(helper) => (helper, "credHelpers"),
            None => (&self.store, "credsStore"),
        };
        helper.read().ok_or_else(|| self.invalid(key, field))
    }

    fn invalid(&self, registry: &str, field: &'static str) -> CredentialsError {
        CredentialsError::Entry {
            path: self.path.clone(),
            registry: registry.to_owned(),
            field,
        }
    }

    /// An entry counts when its key is the registry, or, as old files have it, a URL on that host.
    fn stored(&self, key: &str) -> Option<(&String, &Unread)> {
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

impl Unread {
    /// The value, or the default for `null`; `None` if it has another form.
    fn read<T: DeserializeOwned + Default>(&self) -> Option<T> {
        let read: Option<T> = serde_json::from_value(self.0.clone()).ok()?;
        Some(read.unwrap_or_default())
    }
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
        // Go's decoder passes over line ends.
        let auth = auth.replace(['\r', '\n'], "");
        let decoded = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Credentials {
            username: username.into(),
            secret: password.trim_matches('\0').into(),
        })
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unread(redacted)")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

#[cfg(test)]
mod tests;
