//! Logins: the daemon may log in at the registries that a solve names.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::authority::TokenSeed;
use super::config::{Credentials, CredentialsError, DockerConfig};
use super::tokens::TokenSource;

/// The most refused hosts that are remembered. An honest daemon asks for a mirror or two; the list of one that is not
/// must not grow.
const MAX_REFUSED: usize = 16;

/// The longest host that is remembered: DNS's limit, and a port.
const MAX_HOST: usize = 260;

/// Credentials for the registries that a solve names. By default none, so that everything is pulled anonymously.
#[derive(Debug, Clone, Default)]
pub struct Logins {
    config: DockerConfig,
    /// The registries by their keys in the configuration: all names of Docker Hub are one.
    hosts: BTreeSet<String>,
    refused: RefusedHosts,
    tokens: Option<Tokens>,
}

/// The source of tokens, which the daemon gets in place of logins.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    pub(super) source: Arc<dyn TokenSource>,
    pub(super) seed: TokenSeed,
}

/// The hosts that a daemon asked credentials for without being handed any. Clones share one list.
#[derive(Debug, Clone, Default)]
pub struct RefusedHosts(Arc<Mutex<Refused>>);

#[derive(Debug, Default)]
struct Refused {
    seen: BTreeSet<String>,
    untold: Vec<String>,
}

impl Logins {
    /// The credentials in `config` for the registries at `hosts`, such as `ghcr.io`; all names of Docker Hub are one.
    pub fn new(config: DockerConfig, hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let hosts = hosts.into_iter();
        Self {
            config,
            hosts: hosts
                .map(|host| DockerConfig::key(host.as_ref()).to_owned())
                .collect(),
            refused: RefusedHosts::default(),
            tokens: None,
        }
    }

    /// The same, with the refused hosts added to `refused`; by default they are not recorded.
    pub fn with_refused(self, refused: RefusedHosts) -> Self {
        Self { refused, ..self }
    }

    /// The same with tokens in place of logins, where `source` has any; by default the daemon gets the logins.
    /// Sessions with one `seed` share tokens.
    pub fn with_tokens(self, source: Arc<dyn TokenSource>, seed: TokenSeed) -> Self {
        let tokens = Some(Tokens { source, seed });
        Self { tokens, ..self }
    }

    /// The source of tokens in place of logins.
    pub(super) fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_ref()
    }

    /// The credentials for a registry that the daemon asks for; none means anonymous, as it does for a registry that is
    /// not named. No credential helper is run for such a one.
    pub(super) async fn credentials(
        &self,
        host: &str,
    ) -> Result<Option<Credentials>, CredentialsError> {
        let key = DockerConfig::key(host);
        if self.hosts.contains(key) {
            return self.config.credentials(host).await;
        }
        if self.config.may_have(host) {
            self.refused.add(host);
        }
        Ok(None)
    }
}

impl RefusedHosts {
    /// The hosts that were refused since the last call; each comes once.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().untold)
    }

    fn add(&self, host: &str) {
        let mut refused = self.lock();
        if host.len() > MAX_HOST || refused.seen.len() == MAX_REFUSED {
            return;
        }
        if refused.seen.insert(host.to_owned()) {
            refused.untold.push(host.to_owned());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Refused> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> DockerConfig {
        let json = br#"{"auths":{"r.example":{"auth":"dTpw"},"other.example":{"auth":"dTpw"},
            "https://index.docker.io/v1/":{"auth":"dTpw"}},
            "credHelpers":{"helper.example":"llbgen-test-none"}}"#;
        DockerConfig::parse(Path::new("config.json"), json).unwrap()
    }

    #[tokio::test]
    async fn only_named_registries_get_credentials() {
        let logins = Logins::new(config(), ["r.example", "docker.io"]);
        let check = async |host: &str, expected: bool| {
            let found = logins.credentials(host).await.unwrap();
            assert_eq!(found.is_some(), expected, "{host}");
        };
        check("r.example", true).await;
        check("registry-1.docker.io", true).await;
        check("index.docker.io", true).await;
        check("other.example", false).await;
        check("other.example", false).await;
        check("r.example:443", false).await;
        check("helper.example", false).await;
        check("nobody.example", false).await;
        // A host without credentials is not reported.
        assert_eq!(logins.refused.take(), ["other.example", "helper.example"]);
        check("other.example", false).await;
        assert!(logins.refused.take().is_empty());
    }

    #[tokio::test]
    async fn the_list_of_refused_hosts_is_bounded() {
        let json = br#"{"credsStore":"llbgen-test-none"}"#;
        let config = DockerConfig::parse(Path::new("config.json"), json).unwrap();
        let logins = Logins::new(config, [""; 0]);
        for number in 0..1000 {
            let host = format!("{number}.example");
            assert_eq!(logins.credentials(&host).await.unwrap(), None);
        }
        let long = "x".repeat(1 << 20);
        assert_eq!(logins.credentials(&long).await.unwrap(), None);
        assert_eq!(logins.refused.take().len(), MAX_REFUSED);
    }
}
