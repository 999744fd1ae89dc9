//! How registries are reached.

use buildkit_client::{DockerConfig, RefusedHosts};

use crate::sessions::Sessions;

/// How registries are reached. Clones share their sessions.
#[derive(Debug, Clone, Default)]
pub struct RegistryAccess {
    /// The logins.
    pub credentials: DockerConfig,
    /// Registries that speak plain HTTP, besides those on this machine.
    pub insecure: Vec<String>,
    /// Registries whose credentials the daemon gets though nothing names them: mirrors.
    pub allowed: Vec<String>,
    /// The registries for which the daemon asked for credentials and got none.
    pub refused: RefusedHosts,
    /// The sessions with registries, and the tokens that the daemon gets in the place of logins.
    pub sessions: Sessions,
}

impl RegistryAccess {
    /// The warnings about credentials that the daemon was refused, one for each registry.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let refused = self.refused.take().into_iter();
        refused.map(|host| refused_warning(&host))
    }
}

/// The warning about a host whose credentials the daemon was refused.
pub fn refused_warning(host: &str) -> String {
    format!(
        "the daemon asked for the credentials of `{host}`, which nothing in this build names, and got none; if it is a \
         mirror of yours, add `--allow-credentials {host}`"
    )
}
