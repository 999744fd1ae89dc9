//! Logins at registries, secrets and ssh agents that the graphs of one solve ask this machine for. A session has
//! nothing else.

use std::collections::BTreeSet;

use buildkit_client::{Logins, Solve};
use buildkit_llb::{Definition, OpContent, SourceContent};
use catalog::{Attestations, ImageRef, Plan, Read};
use registry::RegistryAccess;

use crate::{
    build::BuildOptions,
    event::Event,
    resolve::host,
    source_failure::{self, SourceKind},
};

/// The image that makes an SBOM unless another is named: `DefaultSBOMGenerator` of BuildKit's `control`.
const SBOM_GENERATOR: &str = "docker.io/docker/buildkit-syft-scanner";

/// The attributes of sources that name secrets, and the one that names an agent (`solver/pb/attr.go`).
const SECRETS_OF_GIT: [&str; 2] = ["git.authtokensecret", "git.authheadersecret"];
const SECRET_OF_DOWNLOAD: &str = "http.authheadersecret";
const AGENT_OF_GIT: &str = "git.mountsshsock";

/// The secrets that BuildKit's `source/http` asks for at every download, with the host behind the name.
const SECRETS_OF_HOST: [&str; 2] = ["HTTP_AUTH_HEADER_", "HTTP_AUTH_TOKEN_"];

/// The names that a solve may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The hosts of registries.
    registries: BTreeSet<String>,
    /// The ids of secrets.
    pub(crate) secrets: BTreeSet<String>,
    /// The ids of ssh agents.
    pub(crate) agents: BTreeSet<String>,
}

impl Declared {
    /// The names that the steps and sources of plans ask for.
    pub(crate) fn by(plans: &[Plan]) -> Self {
        let mut declared = Self::default();
        for plan in plans {
            plan.reads.iter().for_each(|read| declared.read(read));
            declared.graph(plan.to_solve());
        }
        declared
    }

    /// The same with what one source asks for.
    pub(crate) fn with_source(mut self, source: &SourceContent) -> Self {
        self.source(source);
        self
    }

    /// The same with the registry of an image.
    pub(crate) fn with_image(mut self, name: &str) -> Self {
        self.image(name);
        self
    }

    /// The same with the image that makes an SBOM, if one is asked for.
    fn with_generator(self, attestations: &Attestations) -> Self {
        let Some(sbom) = &attestations.sbom else {
            return self;
        };
        let named = sbom
            .split(',')
            .find_map(|key| key.strip_prefix("generator="));
        self.with_image(named.unwrap_or(SBOM_GENERATOR))
    }

    /// The logins at these registries, and at those that the user allows besides, as tokens where there are any.
    pub(crate) fn logins(&self, access: &RegistryAccess) -> Logins {
        let hosts = self.registries.iter().chain(&access.allowed);
        let (source, seed) = access.sessions.token_source(&access.insecure);
        Logins::new(access.credentials.clone(), hosts)
            .with_refused(access.refused.clone())
            .with_tokens(source, seed)
    }

    fn read(&mut self, read: &Read) {
        match read {
            Read::Secret { id, .. } => {
                self.secrets.insert(id.to_string());
            }
            Read::Ssh { id } => {
                self.agents.insert(id.to_string());
            }
            // Sources and steps of the graph.
            Read::Files(_)
            | Read::Context { .. }
            | Read::FromLine(_)
            | Read::Tar(_)
            | Read::Tree(_)
            | Read::Http { .. }
            | Read::Git(_)
            | Read::Packer => {}
        }
    }

    fn graph(&mut self, definition: &Definition) {
        for vertex in definition.vertices() {
            if let OpContent::Source(source) = vertex.content() {
                self.source(&source);
            }
        }
    }

    fn source(&mut self, source: &SourceContent) {
        match source_failure::known(source) {
            Some((SourceKind::Image, name)) => self.image(&name),
            Some((SourceKind::Download, url)) => self.download(source, host(&url)),
            Some((SourceKind::Git, url)) => self.git(source, host(&url)),
            None => {}
        }
    }

    /// An image without a valid name has no registry.
    fn image(&mut self, name: &str) {
        let image = name.parse::<ImageRef>();
        self.registries
            .extend(image.map(|image| image.domain().to_owned()));
    }

    fn download(&mut self, source: &SourceContent, host: &str) {
        self.secrets
            .extend(source.attrs.get(SECRET_OF_DOWNLOAD).cloned());
        let (name, _port) = host.rsplit_once(':').unwrap_or((host, ""));
        for host in [host, name] {
            let ids = SECRETS_OF_HOST.map(|prefix| format!("{prefix}{host}"));
            self.secrets.extend(ids);
        }
    }

    /// A secret of a git source is asked for with the host behind it first.
    fn git(&mut self, source: &SourceContent, host: &str) {
        let names = SECRETS_OF_GIT
            .iter()
            .filter_map(|key| source.attrs.get(*key));
        for name in names {
            self.secrets
                .extend([name.clone(), format!("{name}.{host}")]);
        }
        self.agents.extend(source.attrs.get(AGENT_OF_GIT).cloned());
    }
}

/// The solve with what the graphs of `plans` ask of this machine, and with logins at the registries of `names` and of the
/// call's caches.
pub(crate) fn with_declared<'a>(
    solve: Solve,
    plans: &[Plan],
    names: impl IntoIterator<Item = &'a str>,
    options: &'a BuildOptions,
) -> Solve {
    let forms = plans.iter().map(|plan| &plan.image_form.attestations);
    let declared = forms.fold(Declared::by(plans), Declared::with_generator);
    let declared = names
        .into_iter()
        .chain(options.caches.images())
        .fold(declared, Declared::with_image);
    solve
        .with_secrets(options.secrets.declared(&declared.secrets))
        .with_ssh(options.ssh.declared(&declared.agents))
        .with_auth(declared.logins(&options.registries))
}

/// Tells, once a call, which hosts the daemon was refused credentials for.
pub(crate) fn tell_of_refused(access: &RegistryAccess, events: &(dyn Fn(Event) + Sync)) {
    access
        .warnings()
        .for_each(|warning| events(Event::Warning(warning)));
}

#[cfg(test)]
mod tests;
