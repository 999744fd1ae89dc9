//! Asking a registry.

mod tags;

use std::collections::BTreeMap;

use buildkit_client::DockerConfig;
use catalog::{ContentDigest, ImageRef, Platform};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    errors::{OciDistributionError, OciErrorCode},
    manifest::{ImageIndexEntry, OciDescriptor, OciImageIndex, OciManifest},
    secrets::RegistryAuth,
};

use super::{
    ResolveProblem, ResolvedImage,
    web::{self, CONNECT_LIMIT, SILENCE_LIMIT},
};
use crate::{
    published::RegistryAccess,
    source_failure::{self, SourceTrouble},
};

/// The largest config that is read; real ones have some kilobytes.
const MAX_CONFIG: i64 = 4 << 20;

pub(super) async fn image(
    credentials: &DockerConfig,
    insecure: &[String],
    image: &ImageRef,
    platforms: &[Platform],
) -> Result<ResolvedImage, ResolveProblem> {
    let registry = Registry::connect(credentials, insecure, image).await?;
    let (manifest, digest) = registry.manifest(&registry.reference).await?;
    let digest: ContentDigest = digest.parse().map_err(nonsense)?;
    let mut configs = BTreeMap::new();
    for platform in platforms {
        let config = match &manifest {
            OciManifest::ImageIndex(index) => registry.config_in(index, platform).await?,
            OciManifest::Image(manifest) => {
                let config = registry.blob(&manifest.config).await?;
                is_for(&config, platform)?;
                config
            }
        };
        configs.insert(platform.clone(), config);
    }
    Ok(ResolvedImage { digest, configs })
}

/// The registry of one image.
pub(crate) struct Registry {
    client: Client,
    auth: RegistryAuth,
    reference: Reference,
}

impl Registry {
    /// The registry of the image with that name.
    pub(crate) async fn of(name: &str, access: &RegistryAccess) -> Result<Self, ResolveProblem> {
        let image: ImageRef = name.parse().map_err(nonsense)?;
        Self::connect(&access.credentials, &access.insecure, &image).await
    }

    /// Makes ready to ask; what it needs is a login at most.
    pub(crate) async fn connect(
        credentials: &DockerConfig,
        insecure: &[String],
        image: &ImageRef,
    ) -> Result<Self, ResolveProblem> {
        web::use_tls();
        let domain = image.domain();
        let protocol = if is_plain(domain, insecure) {
            ClientProtocol::Http
        } else {
            ClientProtocol::Https
        };
        let client = Client::new(ClientConfig {
            protocol,
            connect_timeout: Some(CONNECT_LIMIT),
            read_timeout: Some(SILENCE_LIMIT),
            ..ClientConfig::default()
        });
        let auth = match credentials.credentials(domain).await? {
            None => RegistryAuth::Anonymous,
            Some(login) if login.username.is_empty() => RegistryAuth::Bearer(login.secret),
            Some(login) => RegistryAuth::Basic(login.username, login.secret),
        };
        Ok(Self {
            client,
            auth,
            reference: reference(image),
        })
    }

    async fn manifest(
        &self,
        reference: &Reference,
    ) -> Result<(OciManifest, String), ResolveProblem> {
        let pulled = self.client.pull_manifest(reference, &self.auth).await;
        pulled.map_err(|error| problem(&error))
    }

    /// The index of the image, with its digest; an image without one is missing for who wants one.
    pub(crate) async fn index(&self) -> Result<(OciImageIndex, String), ResolveProblem> {
        index_of(self.manifest(&self.reference).await?)
    }

    /// Makes sure that a manifest of the repository is there.
    pub(crate) async fn has_manifest(&self, digest: &str) -> Result<(), ResolveProblem> {
        let reference = self.reference.clone_with_digest(digest.to_owned());
        let asked = self.client.fetch_manifest_digest(&reference, &self.auth);
        asked.await.map(drop).map_err(|error| problem(&error))
    }

    /// What an index has for one platform.
    pub(crate) fn entry<'a>(
        index: &'a OciImageIndex,
        platform: &Platform,
    ) -> Option<&'a ImageIndexEntry> {
        index.manifests.iter().find(|entry| {
            let of_entry = entry.platform.as_ref().map(|found| {
                Platform::new(found.os.to_string(), found.architecture.to_string())
                    .with_variant(found.variant.clone().unwrap_or_default())
                    .normalized()
            });
            of_entry.as_ref() == Some(platform)
        })
    }

    /// The config of the image for one platform.
    async fn config_in(
        &self,
        index: &OciImageIndex,
        platform: &Platform,
    ) -> Result<Vec<u8>, ResolveProblem> {
        let entry = Self::entry(index, platform).ok_or_else(|| ResolveProblem::Platform {
            platform: platform.to_string(),
            available: available(index),
        })?;
        let reference = self.reference.clone_with_digest(entry.digest.clone());
        match self.manifest(&reference).await? {
            (OciManifest::Image(manifest), _digest) => self.blob(&manifest.config).await,
            (OciManifest::ImageIndex(_), _digest) => Err(nonsense("an index within an index")),
        }
    }

    /// A blob, whose digest the client checks.
    async fn blob(&self, descriptor: &OciDescriptor) -> Result<Vec<u8>, ResolveProblem> {
        if descriptor.size > MAX_CONFIG {
            return Err(nonsense(format!(
                "its config has {} bytes, more than any image's",
                descriptor.size
            )));
        }
        let mut bytes = Vec::new();
        let pulled = self
            .client
            .pull_blob(&self.reference, descriptor, &mut bytes)
            .await;
        pulled.map_err(|error| problem(&error))?;
        Ok(bytes)
    }
}

fn index_of(
    (manifest, digest): (OciManifest, String),
) -> Result<(OciImageIndex, String), ResolveProblem> {
    match manifest {
        OciManifest::ImageIndex(index) => Ok((index, digest)),
        OciManifest::Image(_) => Err(ResolveProblem::Server {
            trouble: Some(SourceTrouble::Missing),
            message: "it has no index".to_owned(),
        }),
    }
}

fn available(index: &OciImageIndex) -> Vec<String> {
    let platforms = index.manifests.iter().filter_map(|entry| {
        let platform = entry.platform.as_ref()?;
        let os = platform.os.to_string();
        // Attestations are manifests too, for no platform.
        (os != "unknown").then(|| {
            Platform::new(os, platform.architecture.to_string())
                .with_variant(platform.variant.clone().unwrap_or_default())
                .normalized()
                .to_string()
        })
    });
    platforms.collect()
}

/// An image without an index says in its config what it is for.
fn is_for(config: &[u8], platform: &Platform) -> Result<(), ResolveProblem> {
    #[derive(serde::Deserialize)]
    struct Of {
        os: String,
        architecture: String,
        #[serde(default)]
        variant: String,
    }
    let of: Of = serde_json::from_slice(config).map_err(nonsense)?;
    let found = Platform::new(of.os, of.architecture)
        .with_variant(of.variant)
        .normalized();
    if found == *platform {
        Ok(())
    } else {
        Err(ResolveProblem::Platform {
            platform: platform.to_string(),
            available: vec![found.to_string()],
        })
    }
}

fn reference(image: &ImageRef) -> Reference {
    let (domain, path) = (image.domain().to_owned(), image.path().to_owned());
    match (image.digest(), image.tag()) {
        (Some(digest), _) => Reference::with_digest(domain, path, digest.to_string()),
        (None, tag) => Reference::with_tag(domain, path, tag.unwrap_or("latest").to_owned()),
    }
}

/// Registries on this machine speak plain HTTP, as Docker has it, and those that the user says so of.
fn is_plain(domain: &str, insecure: &[String]) -> bool {
    let host = match domain.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => domain.split(':').next().unwrap_or(domain),
    };
    let is_here = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    is_here || insecure.iter().any(|given| given == domain)
}

fn problem(error: &OciDistributionError) -> ResolveProblem {
    let trouble = match error {
        OciDistributionError::RequestError(error) => return web::problem(error),
        OciDistributionError::ServerError { code, .. } => SourceTrouble::of_status(*code),
        OciDistributionError::RegistryError { envelope, .. } => {
            let codes: Vec<&OciErrorCode> =
                envelope.errors.iter().map(|error| &error.code).collect();
            Some(of_codes(&codes))
        }
        OciDistributionError::ImageManifestNotFoundError(_)
        | OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::AuthenticationFailure(_) => Some(SourceTrouble::Missing),
        error => source_failure::trouble(&error.to_string()),
    };
    ResolveProblem::Server {
        trouble,
        message: error.to_string().trim().to_owned(),
    }
}

/// The trouble that the codes of the registry protocol tell of, most telling first.
fn of_codes(codes: &[&OciErrorCode]) -> SourceTrouble {
    let has = |wanted: &[OciErrorCode]| codes.iter().any(|code| wanted.contains(code));
    if has(&[OciErrorCode::Toomanyrequests]) {
        SourceTrouble::Transient
    } else if has(&[
        OciErrorCode::Denied,
        OciErrorCode::Unauthorized,
        OciErrorCode::NameUnknown,
        OciErrorCode::ManifestUnknown,
        OciErrorCode::BlobUnknown,
        OciErrorCode::NotFound,
    ]) {
        SourceTrouble::Missing
    } else {
        SourceTrouble::Refused
    }
}

fn nonsense(what: impl std::fmt::Display) -> ResolveProblem {
    ResolveProblem::Nonsense {
        what: format!("{what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registries_on_this_machine_speak_plain_http() {
        let check = |domain: &str, expected: bool| {
            assert_eq!(
                is_plain(domain, &["lan:5000".to_owned()]),
                expected,
                "{domain}"
            );
        };
        check("localhost:5000", true);
        check("127.0.0.1:5000", true);
        check("[::1]:5000", true);
        check("docker.io", false);
        check("localhost.example.com", false);
        check("lan:5000", true);
        check("lan", false);
    }

    #[test]
    fn a_digest_counts_more_than_a_tag() {
        let check = |given: &str, expected: &str| {
            assert_eq!(reference(&given.parse().unwrap()).whole(), expected);
        };
        let digest = format!("sha256:{}", "1".repeat(64));
        check("ubuntu", "docker.io/library/ubuntu:latest");
        check("localhost:5000/a/b:1", "localhost:5000/a/b:1");
        check(
            &format!("ubuntu:1@{digest}"),
            &format!("docker.io/library/ubuntu@{digest}"),
        );
    }
}
