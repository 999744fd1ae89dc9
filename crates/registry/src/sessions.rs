//! The sessions with all registries of one call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use buildkit_client::{TokenSeed, TokenSource};

use crate::{
    access::RegistryAccess, address::address, client::Clients, daemon_tokens::DaemonTokens,
    patience::Patience, problem::RemoteProblem, session::Session,
};

/// The sessions with all registries of one call. Clones share them: each registry is connected to, logged in at and
/// asked for its login once.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    seed: TokenSeed,
    patience: Patience,
    all: Arc<Mutex<All>>,
}

#[derive(Debug, Default)]
struct All {
    /// Made by the first session.
    clients: Option<Clients>,
    /// By address.
    sessions: BTreeMap<String, Arc<Session>>,
}

impl Sessions {
    /// Sessions that wait for registries with this patience.
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            ..Self::default()
        }
    }

    /// The patience with registries.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The session with the registry at `domain`, logged in if there is a login.
    pub(crate) async fn with(
        &self,
        domain: &str,
        access: &RegistryAccess,
    ) -> Result<Arc<Session>, RemoteProblem> {
        let session = self.at(domain, &access.insecure)?;
        let login = async { Ok(access.credentials.credentials(domain).await?) };
        session.with_login(login).await?;
        Ok(session)
    }

    /// The session with the registry at `domain`, with or without a login.
    pub(crate) fn at(
        &self,
        domain: &str,
        insecure: &[String],
    ) -> Result<Arc<Session>, RemoteProblem> {
        let address = address(domain, insecure);
        let mut all = self.all();
        if let Some(session) = all.sessions.get(&address) {
            return Ok(Arc::clone(session));
        }
        let clients = match &all.clients {
            Some(clients) => clients.clone(),
            None => all.clients.insert(Clients::new(&self.patience)?).clone(),
        };
        let session = Arc::new(Session::new(
            clients,
            self.patience.clone(),
            address.clone(),
        ));
        all.sessions.insert(address, Arc::clone(&session));
        Ok(session)
    }

    /// The source of the daemon's tokens, and the seed of its keys. `insecure` are the registries that speak plain
    /// HTTP.
    pub fn token_source(&self, insecure: &[String]) -> (Arc<dyn TokenSource>, TokenSeed) {
        let source = DaemonTokens::new(self.clone(), insecure.to_vec());
        (Arc::new(source), self.seed.clone())
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
