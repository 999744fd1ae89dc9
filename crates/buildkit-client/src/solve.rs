//! A build: the request, the result, and the call.

mod error;
mod failure;
mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;

use bytes::Bytes;

use crate::cache::CacheEntry;
use crate::export::{Export, attr};
use crate::gateway::{Gateway, GatewayError};
use crate::session::SessionId;
use crate::session::auth::Logins;
use crate::session::content::ContentStore;
use crate::session::filesync::LocalDir;
use crate::session::secrets::Secrets;
use crate::session::ssh::SshAgents;

pub use error::SolveError;
pub use failure::{BuildFailure, FailureSource, readable};
pub(crate) use run::prepare;

/// A request to build.
///
/// It starts from a definition; `with_…` methods add the rest. Everything that is not given is empty.
#[derive(Debug)]
pub struct Solve {
    definition: Option<Bytes>,
    frontend: String,
    frontend_attrs: BTreeMap<String, String>,
    exports: Vec<Export>,
    cache_imports: Vec<CacheEntry>,
    cache_exports: Vec<CacheEntry>,
    entitlements: Vec<String>,
    locals: Vec<LocalDir>,
    contents: Vec<ContentStore>,
    secrets: Secrets,
    ssh: SshAgents,
    auth: Logins,
    session: SessionId,
    shared_key: String,
    leader: Option<Leader>,
}

/// The side that puts the result of a solve together.
pub(crate) struct Leader(Box<dyn FnOnce(Gateway) -> Leading + Send>);

type Leading = Pin<Box<dyn Future<Output = Result<(), GatewayError>> + Send>>;

impl Leader {
    pub(crate) fn lead(self, gateway: Gateway) -> Leading {
        (self.0)(gateway)
    }
}

impl fmt::Debug for Leader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leader")
    }
}

/// The result of a successful solve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solved {
    /// The answers of exporters and caches: `containerimage.digest`, `cache.manifest` and the like.
    pub exporter_response: BTreeMap<String, String>,
}

impl Solved {
    /// The digest of the image that was exported.
    pub fn image_digest(&self) -> Option<&str> {
        self.exporter_response.get(attr::DIGEST).map(String::as_str)
    }
}

impl Solve {
    /// The graph in `definition`: an encoded `pb.Definition`, sent as it is.
    pub fn definition(definition: impl Into<Bytes>) -> Self {
        Self::new(Some(definition.into()), String::new())
    }

    /// A graph that the frontend makes in the daemon, `dockerfile.v0` or `gateway.v0`.
    pub fn frontend(name: impl Into<String>) -> Self {
        Self::new(None, name.into())
    }

    /// The result of `leader`, which has graphs solved, and puts a result together.
    pub fn led_by<F, L>(leader: F) -> Self
    where
        F: FnOnce(Gateway) -> L + Send + 'static,
        L: Future<Output = Result<(), GatewayError>> + Send + 'static,
    {
        let leader = Leader(Box::new(move |gateway| Box::pin(leader(gateway))));
        Self {
            leader: Some(leader),
            ..Self::waiting()
        }
    }

    /// Neither a graph nor a frontend: the daemon waits until the client returns a result through the gateway.
    pub(crate) fn waiting() -> Self {
        Self::new(None, String::new())
    }

    fn new(definition: Option<Bytes>, frontend: String) -> Self {
        Self {
            definition,
            frontend,
            frontend_attrs: BTreeMap::new(),
            exports: Vec::new(),
            cache_imports: Vec::new(),
            cache_exports: Vec::new(),
            entitlements: Vec::new(),
            locals: Vec::new(),
            contents: Vec::new(),
            secrets: Secrets::default(),
            ssh: SshAgents::default(),
            auth: Logins::default(),
            session: SessionId::random(),
            shared_key: String::new(),
            leader: None,
        }
    }

    /// The same with an option of the frontend, as `buildctl --opt`.
    pub fn with_frontend_attr(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.frontend_attrs.insert(key.into(), value.into());
        self
    }

    /// The same with attestations of its images, as in buildx: the provenance (`mode=min`), and the SBOM (empty, or
    /// `generator=IMAGE`). The daemon makes them, whoever leads the build.
    pub fn with_attestations(mut self, provenance: Option<&str>, sbom: Option<&str>) -> Self {
        let given = [(attr::PROVENANCE, provenance), (attr::SBOM, sbom)];
        let given = given
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        self.frontend_attrs.extend(given);
        self
    }

    /// The same with one more exporter. Without any, the result stays in the daemon's cache.
    pub fn with_export(mut self, export: Export) -> Self {
        self.exports.push(export);
        self
    }

    /// The same with a cache to read from.
    pub fn with_cache_import(mut self, cache: CacheEntry) -> Self {
        self.cache_imports.push(cache);
        self
    }

    /// The same with a cache to write to.
    pub fn with_cache_export(mut self, cache: CacheEntry) -> Self {
        self.cache_exports.push(cache);
        self
    }

    /// The same with a permission for its steps, as `network.host` or `security.insecure`.
    pub fn with_entitlement(mut self, entitlement: impl Into<String>) -> Self {
        self.entitlements.push(entitlement.into());
        self
    }

    /// The same with a directory that the graph may read. A later one of the same name replaces an earlier one.
    pub fn with_local(mut self, local: LocalDir) -> Self {
        self.locals.push(local);
        self
    }

    /// The same with content that the graph may read. A later store of the same id replaces an earlier one.
    pub fn with_content(mut self, store: ContentStore) -> Self {
        self.contents.push(store);
        self
    }

    /// The same with these secrets in place of any before.
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// The same with these ssh agents in place of any before.
    pub fn with_ssh(self, ssh: SshAgents) -> Self {
        Self { ssh, ..self }
    }

    /// The same in the session that its graph is bound to. By default, the session has a new random id.
    pub fn with_session(self, session: SessionId) -> Self {
        Self { session, ..self }
    }

    /// The same with a key under which the daemon keeps the directories that this client sends: a session with the
    /// same key sends only changed files. It must be a secret of this client. By default there is none, and all files
    /// are sent.
    pub fn with_shared_key(mut self, key: impl Into<String>) -> Self {
        self.shared_key = key.into();
        self
    }

    /// The same with credentials for registries, in place of any before.
    pub fn with_auth(self, auth: Logins) -> Self {
        Self { auth, ..self }
    }
}
