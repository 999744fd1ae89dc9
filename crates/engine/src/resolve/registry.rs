//! Asking a registry.

#[cfg(test)]
mod fake;
mod http;
mod tags;
mod tokens;

use std::collections::BTreeMap;

use catalog::{ContentDigest, ImageRef, Platform};
use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciImageIndex, OciManifest};
use reqwest::Method;
use sha2::{Digest as _, Sha256};

use self::http::{Http, Question};
pub use self::tokens::RegistryTokens;
use super::{ResolveProblem, ResolvedImage};
use crate::{published::RegistryAccess, source_failure::SourceTrouble};

/// The largest manifest or index that is read: what registries and containerd take.
const MAX_MANIFEST: usize = 8 << 20;

/// The largest config that is read; real ones have some kilobytes.
const MAX_CONFIG: usize = 8 << 20;

/// The header in which a registry names the digest of what it has.
const DIGEST: &str = "docker-content-digest";

/// Where Docker Hub really is.
const HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// What an image is: an index, or the manifest of one platform.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

pub(super) async fn image(
    access: &RegistryAccess,
    image: &ImageRef,
    platforms: &[Platform],
) -> Result<ResolvedImage, ResolveProblem> {
    let registry = Registry::connect(access, image).await?;
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
    http: Http,
    /// The image's tag or digest.
    reference: String,
}

impl Registry {
    /// The registry of the image with that name.
    pub(crate) async fn of(name: &str, access: &RegistryAccess) -> Result<Self, ResolveProblem> {
        let image: ImageRef = name.parse().map_err(nonsense)?;
        Self::connect(access, &image).await
    }

    /// Makes ready to ask; what it needs is a login at most.
    async fn connect(access: &RegistryAccess, image: &ImageRef) -> Result<Self, ResolveProblem> {
        let domain = image.domain();
        let login = access.credentials.credentials(domain).await?;
        Ok(Self {
            http: Http::new(server(domain, &access.insecure), image.path(), login)?,
            reference: reference(image),
        })
    }

    /// What a tag or digest names, byte for byte, and its digest.
    async fn bytes(&self, reference: &str) -> Result<(Vec<u8>, String), ResolveProblem> {
        let answer = self.http.ask(&manifest(Method::GET, reference)).await?;
        let digest = sha256(&answer.body);
        let named = answer
            .headers
            .get(DIGEST)
            .map(reqwest::header::HeaderValue::as_bytes);
        let wanted = reference.contains(':').then_some(reference.as_bytes());
        for expected in [named, wanted].into_iter().flatten() {
            if expected != digest.as_bytes() {
                let expected = String::from_utf8_lossy(expected);
                return Err(nonsense(format!(
                    "it is called `{expected}`, and is `{digest}`"
                )));
            }
        }
        Ok((answer.body, digest))
    }

    async fn manifest(&self, reference: &str) -> Result<(OciManifest, String), ResolveProblem> {
        let (bytes, digest) = self.bytes(reference).await?;
        Ok((serde_json::from_slice(&bytes).map_err(nonsense)?, digest))
    }

    /// The digest of what a tag or digest names, of which nothing else is asked.
    async fn digest(&self, reference: &str) -> Result<String, ResolveProblem> {
        let answer = self.http.ask(&manifest(Method::HEAD, reference)).await?;
        match answer.headers.get(DIGEST).map(|digest| digest.to_str()) {
            Some(digest) => Ok(digest.map_err(nonsense)?.to_owned()),
            None => Ok(self.bytes(reference).await?.1),
        }
    }

    /// The index of the image, with its digest. An image without an index is told as missing.
    pub(crate) async fn index(&self) -> Result<(OciImageIndex, String), ResolveProblem> {
        index_of(self.manifest(&self.reference).await?)
    }

    /// Makes sure that a manifest of the repository is there.
    pub(crate) async fn has_manifest(&self, digest: &str) -> Result<(), ResolveProblem> {
        self.digest(digest).await.map(drop)
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
        match self.manifest(&entry.digest).await? {
            (OciManifest::Image(manifest), _digest) => self.blob(&manifest.config).await,
            (OciManifest::ImageIndex(_), _digest) => Err(nonsense("an index within an index")),
        }
    }

    /// A blob of the size and digest that its descriptor has.
    async fn blob(&self, descriptor: &OciDescriptor) -> Result<Vec<u8>, ResolveProblem> {
        let size = usize::try_from(descriptor.size).ok();
        let size = size.filter(|size| *size <= MAX_CONFIG).ok_or_else(|| {
            let size = descriptor.size;
            nonsense(format!(
                "its config has {size} bytes, more than any image's"
            ))
        })?;
        let question = Question {
            method: Method::GET,
            path: format!("blobs/{}", descriptor.digest),
            accept: &[],
            body: None,
            most: size,
        };
        let bytes = self.http.ask(&question).await?.body;
        let found = sha256(&bytes);
        if found != descriptor.digest {
            let wanted = &descriptor.digest;
            return Err(nonsense(format!(
                "`{wanted}` was asked for, and it is `{found}`"
            )));
        }
        Ok(bytes)
    }
}

/// The question for a manifest.
fn manifest(method: Method, reference: &str) -> Question<'static> {
    Question {
        method,
        path: format!("manifests/{reference}"),
        accept: &MEDIA_TYPES,
        body: None,
        most: MAX_MANIFEST,
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    archive::Digest::from(digest).to_string()
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

/// A digest counts more than a tag.
fn reference(image: &ImageRef) -> String {
    match (image.digest(), image.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or("latest").to_owned(),
    }
}

/// The address of the registry at `domain`, such as `https://ghcr.io`.
fn server(domain: &str, insecure: &[String]) -> String {
    let scheme = if is_plain(domain, insecure) {
        "http"
    } else {
        "https"
    };
    let host = if domain == HUB.0 { HUB.1 } else { domain };
    format!("{scheme}://{host}")
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

/// The trouble that a code of the registry protocol tells of; `None` for one that is not known.
fn of_code(code: &str) -> Option<SourceTrouble> {
    match code {
        "TOOMANYREQUESTS" => Some(SourceTrouble::Transient),
        "DENIED" | "UNAUTHORIZED" | "NAME_UNKNOWN" | "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN"
        | "NOT_FOUND" => Some(SourceTrouble::Missing),
        "UNSUPPORTED" | "NAME_INVALID" | "TAG_INVALID" | "MANIFEST_INVALID" | "DIGEST_INVALID"
        | "SIZE_INVALID" => Some(SourceTrouble::Refused),
        _ => None,
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
            assert_eq!(reference(&given.parse().unwrap()), expected);
        };
        let digest = format!("sha256:{}", "1".repeat(64));
        check("ubuntu", "latest");
        check("localhost:5000/a/b:1", "1");
        check(&format!("ubuntu:1@{digest}"), &digest);
    }
}
